//! Lights, ladders and digests: who must hear what.
