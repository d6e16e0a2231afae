/// Why a supervisor could not run.
package struct SupervisorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The causes that are handled differently.
    package enum Code: String, Sendable {
        /// Another supervisor owns the pool on this host.
        case poolBusy = "pool_busy"
        /// The supervisor can't leave its workers to another now.
        case handoverRefused = "handover_refused"
        /// Nobody can say now what is left of earlier supervisors.
        case garbageUnknown = "garbage_unknown"
        /// There is no usable engine and falling back is not allowed.
        case engineUnavailable = "engine_unavailable"
        /// `acode-agent` is missing or can't be executed.
        case agentMissing = "agent_missing"
        /// A configured mount is missing or forbidden.
        case mountRefused = "mount_refused"
        /// The network of the pool's containers does not exist.
        case networkMissing = "network_missing"
        /// The users of the engine's containers can't use what is made for them.
        case usersUnreachable = "users_unreachable"
        /// A directory can't be made or written.
        case stateUnusable = "state_unusable"
        /// The store does not work.
        case storeUnavailable = "store_unavailable"
    }

    /// The cause.
    package let code: Code
    /// In plain words.
    package let message: String
    /// What to do about it.
    package let hint: String?

    /// Makes an error.
    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
