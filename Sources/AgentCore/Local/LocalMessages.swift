import AgentProtocol
import FoundationEssentials

/// What a sub-command of `acode-agent`, or any other program of a task, asks the running agent over the agent's local socket.
/// JSON in one frame; its words are documented for users and don't change.
enum LocalRequest: Codable, Equatable {
    /// Is the loop turning?
    case health
    /// The task says how far it is.
    case progress(percent: Double?, message: String?)
    /// The task wants a checkpoint saved; `data` is JSON text.
    case checkpoint(phase: Int, data: String?, artifacts: [String]?, force: Bool?)
    /// Has somebody asked the task to come to a stop?
    case shouldStop
}

/// The agent's answer.
struct LocalReply: Codable, Equatable {
    /// Whether the request was carried out.
    var ok: Bool
    /// The state, or why not.
    var message: String
    /// What became of a checkpoint, in one word of `CheckpointAnswer.Verdict`.
    var verdict: CheckpointAnswer.Verdict?
    /// Whether the task is to stop, for who asked that.
    var stop: Bool?
}

/// Writes and reads local messages as frames.
enum LocalCoding {
    /// The longest is a checkpoint: its data, in which JSON may escape each byte once more, and the paths of its artifacts.
    static let limit = 1024 * 1024
    private static let kind: UInt8 = 0x41

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        try FrameEncoder.encode(kind: kind, payload: [UInt8](JSONEncoder().encode(value)))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from frame: Frame) throws -> Value {
        guard frame.kind == kind else { throw AgentProtocolError(.unknownKind, "kind \(frame.kind)") }
        return try JSONDecoder().decode(type, from: Data(frame.payload))
    }
}
