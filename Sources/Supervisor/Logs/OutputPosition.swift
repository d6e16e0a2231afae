/// Up to where an attempt's output was written down, stream by stream, in the agent's offsets.
///
/// The streams differ while what may be the beginning of a secret is held back in one of them: then the other is further.
struct OutputPosition: Sendable, Equatable {
    /// One stream.
    struct Mark: Sendable, Equatable {
        /// Everything of the stream below this offset was written down, or counted as lost.
        var offset: UInt64 = 0
        /// How many bytes from there on are part of a secret of which the mask was written already.
        var covered: UInt64 = 0
    }

    /// Standard output.
    var output = Mark()
    /// Standard error.
    var errors = Mark()

    /// Everything below this offset was written down.
    var resumeOffset: UInt64 { min(output.offset, errors.offset) }
}
