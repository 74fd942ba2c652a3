/* For browsers without ES modules: says so instead of showing a page that never comes. Old syntax on purpose. */
var words = 'This browser is too old for callqr. Please use an up-to-date Chrome, Safari or Firefox.';
document.body.appendChild(document.createElement('p')).appendChild(document.createTextNode(words));
