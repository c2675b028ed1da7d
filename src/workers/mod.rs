//! Workers: deadlines, delivery, digests, sealing; bounded batches.
