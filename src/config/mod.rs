//! What an operator may set, with its defaults and its meaning.
