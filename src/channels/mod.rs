//! Channels: hand a rendered message to the outside world.
