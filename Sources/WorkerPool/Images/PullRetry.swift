package import ContainerEngine

/// Decides whether and when a pull that failed is tried again. Pure.
package struct PullRetry: Sendable, Equatable {
    /// What to do after a failure.
    package enum Step: Sendable, Equatable {
        /// Try again after this.
        case again(after: Duration)
        /// The registry or the engine refused it: the same will happen again.
        case refused
        /// It was tried as often, or for as long, as it may be.
        case spent
    }

    /// Wait before the first retry; it doubles with each further one.
    package static let backoff = Duration.seconds(1)
    /// The same when the registry said that there were too many requests and not when to come back. Docker keeps the
    /// registry's `Retry-After` to itself; Podman heeds it by itself.
    package static let rateLimitBackoff = Duration.seconds(5)

    private let retries: Int
    /// Attempts that failed so far.
    package private(set) var failures = 0

    /// Makes a count of `retries` further attempts.
    package init(retries: Int) { self.retries = retries }

    /// Notes a failure.
    ///
    /// - Parameters:
    ///   - code: its cause.
    ///   - words: the engine's, in which a registry may have said when to come back.
    ///   - left: what is left of the time for the whole pull.
    ///   - jitter: 0…1; the wait is varied by a quarter both ways, so that pools that failed together do not come back
    ///     together. A wait that the registry named is only made longer.
    package mutating func failed(
        _ code: EngineError.Code, words: String, left: Duration, jitter: Double
    ) -> Step {
        failures += 1
        if Self.isRefusal(code) { return .refused }
        guard failures <= retries else { return .spent }
        var wait: Duration
        if code == .rateLimited, let asked = PullWords.retryAfter(words) {
            wait = max(asked, Self.backoff) * (1 + jitter / 4)
        } else {
            wait = code == .rateLimited ? Self.rateLimitBackoff : Self.backoff
            for _ in 1..<max(1, min(failures, 16)) { wait = wait * 2 }
            wait = wait * (0.75 + jitter / 2)
        }
        return wait < left ? .again(after: wait) : .spent
    }

    /// Whether the failure is an answer and no trouble: asking again changes nothing.
    package static func isRefusal(_ code: EngineError.Code) -> Bool {
        switch code {
        case .notFound, .imageMissing, .unauthorized, .invalidRequest, .unsupported: true
        default: false
        }
    }
}
