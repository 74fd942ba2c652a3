#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// As Chromium 156 writes it, with `askForVoice` of the page.
const CHROMIUM: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    a=extmap-allow-mixed\r\na=msid-semantic: WMS stream\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n\
    c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:Fz7K\r\na=ice-pwd:W9mNYJfTzS5vX1uCjW7rKb0e\r\n\
    a=ice-options:trickle\r\na=fingerprint:sha-256 7A:2C:91:0E\r\na=setup:actpass\r\na=mid:0\r\n\
    a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
    a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
    a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
    a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendrecv\r\na=msid:- 0d9a8d7c-e6d5-4a5c\r\na=rtcp-mux\r\n\
    a=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n\
    a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=32000\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n\
    a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n\
    a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n\
    a=ssrc:1037451822 cname:Vb+2/kJ8aQ1xZ3Tn\r\na=ssrc:1037451822 msid:- 0d9a8d7c-e6d5-4a5c\r\na=ptime:20\r\n\
    a=maxptime:60\r\n";

/// As Firefox 153 writes it.
const FIREFOX: &str = "v=0\r\no=mozilla...THIS_IS_SDPARTA-99.0 8127389103846473291 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
    a=fingerprint:sha-256 7A:2C:91:0E\r\na=group:BUNDLE 0\r\na=ice-options:trickle\r\na=msid-semantic:WMS *\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101\r\nc=IN IP4 0.0.0.0\r\na=sendrecv\r\n\
    a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
    a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level\r\n\
    a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
    a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1\r\na=fmtp:101 0-15\r\n\
    a=ice-pwd:6ea8c6c5b1a4f7d1b2c3d4e5f6a7b8c9\r\na=ice-ufrag:5e3f1c2a\r\na=mid:0\r\n\
    a=msid:- {4f6b8a1e-3c5d-4e7f-9a0b-1c2d3e4f5a6b}\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:109 opus/48000/2\r\n\
    a=rtpmap:9 G722/8000/1\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=setup:actpass\r\na=ssrc:3028377196 cname:{0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9}\r\n";

fn passed_on(sdp: &str) -> Option<String> {
    match admit(Media::Offer { sdp: sdp.into(), commitment: None }) {
        Ok(Media::Offer { sdp, .. }) => Some(sdp),
        Ok(_) => panic!("an offer stays an offer"),
        Err(reason) => {
            assert_eq!(reason, CloseReason::NotRelayed);
            None
        }
    }
}

fn trickled(candidate: &str) -> Result<String, CloseReason> {
    let names = (Some("0".into()), Some("Fz7K".into()));
    let candidate =
        Candidate { candidate: candidate.into(), sdp_mid: names.0, sdp_m_line_index: None, username_fragment: names.1 };
    match admit(Media::IceCandidate(candidate))? {
        Media::IceCandidate(candidate) => Ok(candidate.candidate),
        _ => panic!("a candidate stays a candidate"),
    }
}

/// `base` with nobody's names and addresses.
fn named_alike(base: &str) -> String {
    [
        ("msid:- 0d9a8d7c-e6d5-4a5c", "msid:- voice"),
        ("msid:- {4f6b8a1e-3c5d-4e7f-9a0b-1c2d3e4f5a6b}", "msid:- voice"),
        ("cname:Vb+2/kJ8aQ1xZ3Tn", "cname:voice"),
        ("cname:{0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9}", "cname:voice"),
        ("IN IP4 127.0.0.1", "IN IP4 0.0.0.0"),
    ]
    .iter()
    .fold(base.to_owned(), |base, (from, to)| base.replace(from, to))
}

/// `base` without the lines that begin with one of `gone`.
fn without(base: &str, gone: &[&str]) -> String {
    base.split_inclusive("\r\n").filter(|line| !gone.iter().any(|start| line.starts_with(start))).collect()
}

#[test]
fn what_browsers_need_passes_and_what_they_do_not_need_is_left_out() {
    let unneeded = ["a=extmap-allow", "a=msid-semantic", "a=extmap:1 ", "a=ssrc:1037451822 msid"];
    assert_eq!(passed_on(CHROMIUM).unwrap(), named_alike(&without(CHROMIUM, &unneeded)));
    let unneeded = ["a=msid-semantic", "a=extmap:1 ", "a=extmap:2/"];
    let firefox = named_alike(&without(FIREFOX, &unneeded).replace("mozilla...THIS_IS_SDPARTA-99.0", "-"));
    assert_eq!(passed_on(FIREFOX).unwrap(), firefox);
    assert_eq!(passed_on(&firefox).unwrap(), firefox, "what was passed on once passes as it is");
    assert_eq!(passed_on(&CHROMIUM.replace("\r\n", "\n")), passed_on(CHROMIUM), "lines may end with LF");
}

#[test]
fn payload_types_of_codecs_that_no_call_uses_are_left_out_with_all_that_belongs_to_them() {
    let more = CHROMIUM
        .replace("SAVPF 111", "SAVPF 96 111")
        .replace("a=ptime", "a=rtpmap:96 192.168.1.5/90000\r\na=fmtp:96 apt=1\r\na=rtcp-fb:96 nack\r\na=ptime");
    assert_eq!(passed_on(&more), passed_on(CHROMIUM));
    let nothing = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n";
    assert_eq!(passed_on(nothing), None, "no voice is left");
    for other in ["video 9 UDP/TLS/RTP/SAVPF 96", "application 9 UDP/DTLS/SCTP webrtc-datachannel"] {
        assert_eq!(passed_on(&format!("{CHROMIUM}m={other}\r\n")), None, "{other}");
    }
}

/// Most of them reached the other side when descriptions were searched for addresses.
#[test]
fn an_address_has_no_way_through_however_it_is_spelled() {
    let spellings = [
        "a=x 192.168.1.5:80",
        "a=x-seen:http://192.168.1.5/",
        "a=x:(192.168.1.5)",
        "a=x:\"192.168.1.5\"",
        "a=x:a=b:192.168.1.5",
        "a=x:[2003:db::5]:443",
        "a=x:<2003:db::5>",
        "a=x:192.168.1.5/24",
        "a=x:fe80::5%eth0",
        "a=x:0xc0.0xa8.0x1.0x5",
        "a=x:0300.0250.01.05",
        "a=x:5.1.168.192.in-addr.arpa",
        "a=x:home.example.net",
        "a=x:ada@192.168.1.5",
        "a=tool:ada's phone at 192.168.1.5",
        "a=identity:eyJpZHAiOnsiZG9tYWluIjoiaG9tZS5leGFtcGxlIn19",
        "a=ssrc:1 cname:ada@192.168.1.5",
        "a=ssrc:1 cname:192.168.1.5",
        "a=msid:192.168.1.5 t",
        "a=msid:s home.example.net",
        "a=remote-candidates:1 192.168.1.5 9",
        "a=source-filter: incl IN IP4 * 192.168.1.5",
        "a=extmap:5 http://192.168.1.5/extension",
        "a=ice-options:trickle 192.168.1.5",
        "a=rtcp-fb:111 192.168.1.5",
        "a=fmtp:111 x-host=192.168.1.5;usedtx=0",
        "a=fmtp:111 useinbandfec=192.168.1.5",
        "a=rtpmap:96 home.example.net/8000",
        "b=X-192.168.1.5:80",
        "i=192.168.1.5:80",
        "k=uri:http://192.168.1.5/",
        "a=mid:192.168.1.5",
        "a=ice-ufrag:192.168.1.5",
        "a=ice-pwd:home.example.net",
        "a=setup:192.168.1.5",
        "a=ptime:192.168.1.5",
        "a=rtcp:9 IN IP4 192.168.1.5",
        "a=rtcp:9 IN IP4 home.example.net",
        "a=group:BUNDLE 192.168.1.5",
        "a=x-callqr-answers:192.168.1.5",
        "a=fingerprint:sha-256 192.168.1.5",
        "a=fingerprint:192.168.1.5 AB:CD",
        "a=candidate:192.168.1.5 1 udp 1 198.18.0.1 9 typ relay",
        "a=candidate:1 1 udp 1 home.example.net 9 typ relay",
        "a=fmtp:111 192/168/1/5",
        "a=fmtp:111 192-168-1-5",
        "a=fmtp:111 192,168,1,5",
        "a=fmtp:110 10,20,192,200",
        "a=fmtp:111 sprop-maxcapturerate=3232235781",
        "a=mid:192-168-1-5",
        "a=mid:192_168_1_5",
        "a=mid:adas-laptop",
        "a=mid:c0a80105",
        "a=mid:xn--home-kva",
        "a=group:BUNDLE 192-168-1-5",
        "a=ssrc:1 cname:ip-192-168-1-5",
        "a=ssrc:1 cname:adas-macbook",
        "a=msid:fe80--1 ada-laptop",
        "a=ptime:3232235781",
        "a=maxptime:3232235781",
        "a=extmap:3232235781 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=rtpmap:111 opus/3232235781/2",
        "a=rtcp:9 IN IP6 2001:db8::192.168.1.5",
        "a=rtcp:9 IN IP6 2001:db8::c0a8:105",
        "a=candidate:1 1 udp 1 2001:db8::c0a8:105 9 typ relay",
        "a=candidate:1 1 udp 1 198.18.0.1 9 typ relay network-id 3232235781",
        "A=x 192.168.1.5",
        " a=x 192.168.1.5",
        "a =x 192.168.1.5",
        "192.168.1.5",
        "a=sendrecv\ra=x:192.168.1.5",
        "a=sendrecv\u{b}192.168.1.5",
        "a=x:192.168.1.5\0",
    ];
    let shown =
        ["192", "168", "2003", "fe80", "0xc0", "0300", "home", "example", "ada", "eyJ", "3232235781", "c0a8", "10,20"];
    let session = ["u=http://192.168.1.5/", "e=ada@192.168.1.5", "p=192.168.1.5", "i=192.168.1.5"];
    let in_session = session.map(|line| format!("v=0\r\ns=ada 192.168.1.5\r\n{line}\r\nt=0 0\r\n"));
    let in_section = spellings.map(|line| {
        // Where its kind belongs, so that nothing but the line itself is wrong.
        let before = match line.split_at(2).0 {
            "i=" => "c=",
            "b=" | "k=" => "a=rtcp:",
            _ => "a=ice-ufrag",
        };
        CHROMIUM.replacen(&format!("\r\n{before}"), &format!("\r\n{line}\r\n{before}"), 1)
    });
    let origins =
        ["o=192.168.1.5 1 2 IN IP4 0.0.0.0", "o=- 1 2 IN IP4 192.168.1.5", "o=- 1.192.168.5 2 IN IP4 0.0.0.0"];
    let origins = origins.map(|line| format!("v=0\r\n{line}\r\ns=-\r\nt=0 0\r\n"));
    for sdp in in_session.iter().chain(&in_section).chain(&origins) {
        let passed = passed_on(sdp).unwrap_or_default();
        let through: Vec<_> = shown.iter().filter(|part| passed.replace("192.0", "").contains(*part)).collect();
        assert!(through.is_empty(), "{through:?} of {sdp:?}");
    }
}

#[test]
fn a_known_line_that_is_written_wrongly_is_refused() {
    for line in
        ["a=mid:192.168.1.5", "a=ice-ufrag:a b", "a=rtcp:9 IN IP4 192.168.1.5", "a=setup:both", "t=0 0", "hello"]
    {
        assert_eq!(passed_on(&format!("{CHROMIUM}{line}\r\n")), None, "{line}");
    }
    for sdp in ["", "v=1\r\n", "hello", "v=0\r\n\r\n", "v=0\r\ns=-\r\no=- 1 2 IN IP4 0.0.0.0\r\n"] {
        assert_eq!(passed_on(sdp), None, "{sdp:?}");
    }
}

#[test]
fn a_call_has_one_voice_each_way_and_one_answer_to_each_question() {
    let section = &CHROMIUM[CHROMIUM.find("m=audio").unwrap()..];
    assert_eq!(passed_on(&format!("{CHROMIUM}{section}")), None, "two voices");
    for twice in ["a=setup:active", "a=mid:1", "a=ice-ufrag:abcd", "a=ice-pwd:abcdabcdabcdabcdabcdabcd", "a=ptime:60"] {
        assert_eq!(passed_on(&format!("{CHROMIUM}{twice}\r\n")), None, "{twice}");
    }
    let many = "a=candidate:1 1 udp 1 198.18.0.1 9 typ relay\n".repeat(1400);
    assert_eq!(passed_on(&format!("{CHROMIUM}{many}")), None, "longer than one voice needs");
    assert!(passed_on(&format!("{CHROMIUM}{}", &many[..45 * 40])).is_some());
    let moved = CHROMIUM.replace("m=audio 9", "m=audio 50123").replace("c=IN IP4 0.0.0.0", "c=IN IP4 198.18.0.7");
    assert_eq!(passed_on(&moved), passed_on(CHROMIUM), "where it is say the candidates");
    let unwanted = CHROMIUM.replace("m=audio 9", "m=audio 0");
    assert!(passed_on(&unwanted).unwrap().contains("m=audio 0 "));
    for events in ["0-15", "0-16", "0-15,66,70", "5"] {
        let sdp = CHROMIUM.replace("a=ptime", &format!("a=fmtp:110 {events}\r\na=ptime"));
        assert!(passed_on(&sdp).unwrap().contains(&format!("fmtp:110 {events}\r\n")), "{events}");
    }
}

#[test]
fn of_a_candidate_what_the_grammar_knows_is_passed_on() {
    let chromium = "candidate:1467250027 1 udp 41885439 198.18.0.7 50123 typ relay raddr 0.0.0.0 rport 0 generation 0 \
                    ufrag Fz7K network-id 1 network-cost 10";
    assert_eq!(trickled(chromium).unwrap(), chromium);
    assert_eq!(trickled(&format!("{chromium} x-new 3232235781")).unwrap(), chromium);
    for wrong in [
        "seen-from 192.168.1.5",
        "seen-from home.example.net",
        "raddr 0.0.0.0",
        "ufrag 192.168.1.5",
        "network-id 192.168.1.5",
        "192.168.1.5 1",
        "odd",
    ] {
        assert_eq!(trickled(&format!("{chromium} {wrong}")), Err(CloseReason::NotRelayed), "{wrong}");
    }
    for (mid, ufrag) in [("192.168.1.5", "Fz7K"), ("0", "192.168.1.5"), ("home.example.net", "Fz7K")] {
        let candidate = Candidate {
            candidate: chromium.into(),
            sdp_mid: Some(mid.into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some(ufrag.into()),
        };
        assert_eq!(admit(Media::IceCandidate(candidate)), Err(CloseReason::NotRelayed));
    }
}

fn address() -> impl Strategy<Value = String> {
    // Numbers that do not stand in the descriptions above, so that they can be looked for.
    prop_oneof![
        (203..=223_u8, any::<[u8; 3]>()).prop_map(|(a, [b, c, d])| format!("{a}.{b}.{c}.{d}")),
        any::<[u16; 6]>()
            .prop_map(|n| format!("2a02:1810:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}", n[0], n[1], n[2], n[3], n[4], n[5])),
    ]
}

proptest! {
    /// In any line, known or not, in front of or behind any text.
    #[test]
    fn no_address_passes(ip in address(), name in "[a-z-]{0,12}", before in "[ -~]{0,6}", after in "[ -~]{0,6}", at in 0..40_usize) {
        let line = format!("a={name}{before}{ip}{after}");
        let changed = |add: bool| -> String {
            let lines = CHROMIUM.split_inclusive("\r\n").enumerate();
            lines.map(|(number, old)| match (number == at, add) {
                (false, _) => old.to_owned(),
                (true, true) => format!("{old}{line}\r\n"),
                (true, false) => format!("{}{before}{ip}{after}\r\n", old.trim_end()),
            }).collect()
        };
        for sdp in [changed(true), changed(false)] {
            let passed = passed_on(&sdp).unwrap_or_default();
            prop_assert!(!passed.contains(&ip), "{} in {}", ip, passed);
        }
    }

    #[test]
    fn no_text_is_too_much_and_what_passes_passes_again(text in any::<String>(), lines in "([amcb]=[ -~]{0,12}\r\n){0,8}") {
        let _ = trickled(&text);
        for sdp in [format!("v=0\n{text}\na=candidate:{text}"), format!("v=0\r\n{lines}"), format!("{CHROMIUM}{lines}")] {
            if let Some(passed) = passed_on(&sdp) {
                let again = passed_on(&passed);
                prop_assert_eq!(again.as_ref(), Some(&passed));
            }
        }
    }
}
