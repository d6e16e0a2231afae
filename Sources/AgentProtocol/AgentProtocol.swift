/// Constants of the protocol between a supervisor and `acode-agent`.
///
/// The two talk over a Unix stream socket that the supervisor listens on and the agent connects to. The agent speaks
/// first (`AgentMessage.hello`), the supervisor answers (`SupervisorMessage.welcome`); nothing else may be sent before
/// that. One agent runs at most one attempt at a time.
package enum AgentProtocol {
    /// The version both sides name in the handshake. A side that is told another version closes the connection.
    package static let version = 1

    /// The largest payload of one frame, in bytes. A longer one is an error on either side.
    package static let maximumPayload = 4 * 1024 * 1024

    /// The largest standard input a `RunRequest` may carry, in bytes.
    package static let maximumInput = 1024 * 1024

    /// The most output bytes the agent puts into one `output` frame.
    package static let outputChunk = 64 * 1024

    /// How much output the agent sends ahead of the supervisor's `outputAck`, in bytes. A supervisor that never
    /// acknowledges stops the task's output here.
    package static let outputWindow: UInt64 = 1024 * 1024

    /// After how many further output bytes a supervisor should acknowledge.
    package static let acknowledgeEvery: UInt64 = 256 * 1024
}
