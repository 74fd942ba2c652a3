/** As the server does with a text that it can read. @param {string} text */
export const oneLine = (text) => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
