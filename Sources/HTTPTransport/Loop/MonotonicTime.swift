internal import Glibc

/// Nanoseconds of the monotonic clock, as the curl thread counts time.
typealias Nanoseconds = Int64

extension Nanoseconds {
    /// Now.
    static var now: Nanoseconds {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Nanoseconds(time.tv_sec) * 1_000_000_000 + Nanoseconds(time.tv_nsec)
    }

    /// Later than every time that comes.
    static let never = Nanoseconds.max

    /// This time plus a span; absurdly long spans are never over.
    func adding(_ span: Duration?) -> Nanoseconds {
        guard let span else { return .never }
        let (seconds, attoseconds) = span.components
        guard seconds < 1_000_000_000 else { return .never }
        return self + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
