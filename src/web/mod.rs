//! Pages in a browser.
