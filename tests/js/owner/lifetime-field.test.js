import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysOf, lifetimeOf } from '../../../assets/js/owner/home/lifetime-field.js';

test('a number of days is what the API reads', () => {
  for (const [typed, lifetime] of [['30', '30d'], ['1', '1d'], ['0', '1d'], ['-5', '1d'], ['2.6', '3d'], ['', '1d'], ['x', '1d'], ['99999', '36500d']]) {
    assert.equal(lifetimeOf(typed), lifetime, typed);
  }
});

test('a time that the API wrote is shown in days', () => {
  for (const [lifetime, days] of /** @type {[string, number|null][]} */ ([['30d', 30], ['36h', 2], ['90m', 1], ['5s', 1], ['year', null], ['until-revoked', null], ['', null]])) {
    assert.equal(daysOf(lifetime), days, lifetime);
  }
});
