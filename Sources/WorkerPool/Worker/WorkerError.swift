/// Why a worker could not be provided.
package struct WorkerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The causes that are handled differently.
    package enum Code: String, Sendable {
        /// The image is missing and may not or can't be pulled.
        case imageUnavailable = "image_unavailable"
        /// The image is missing and its registry could not be reached, or the pull broke off, again and again.
        case pullFailed = "pull_failed"
        /// The engine refused the configuration: limits, mounts, user, network.
        case configurationRefused = "configuration_refused"
        /// The container or process began and ended before its agent called.
        case startFailed = "start_failed"
        /// The agent did not call in time.
        case startTimedOut = "start_timed_out"
        /// The engine did not answer.
        case engineUnavailable = "engine_unavailable"
        /// Something of this host: a directory, a socket, a file that is missing.
        case host = "host"
        /// Workers of that profile keep failing; none is started for a while.
        case crashLooping = "crash_looping"
        /// The pool is shutting down.
        case poolClosed = "pool_closed"

        /// Another pool takes the place of this one.
        case poolReplaced = "pool_replaced"

        /// Whether the same profile would fail the same way at once, so that trying again is pointless.
        package var isPermanent: Bool {
            switch self {
            case .imageUnavailable, .configurationRefused: true
            case .pullFailed, .startFailed, .startTimedOut, .engineUnavailable, .host, .crashLooping, .poolClosed,
                .poolReplaced:
                false
            }
        }

        /// Whether a task that asked for the worker has failed with it: what stands in the way is its own wish, or was
        /// tried often enough already.
        package var failsTask: Bool { isPermanent || self == .pullFailed || self == .crashLooping }
    }

    /// The cause.
    package let code: Code
    /// In plain words, with the engine's own.
    package let message: String

    /// Makes an error.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
