import AgentProtocol
import FoundationEssentials

/// What a sub-command of `acode-agent` asks the running agent, over the agent's local socket. JSON in one frame.
enum LocalRequest: Codable, Equatable {
    /// Is the loop turning?
    case health
    /// The task says how far it is.
    case progress(percent: Double?, message: String?)
}

/// The agent's answer.
struct LocalReply: Codable, Equatable {
    /// Whether the request was carried out.
    var ok: Bool
    /// The state, or why not.
    var message: String
}

/// Writes and reads local messages as frames.
enum LocalCoding {
    /// A local message is small; a longer one is a mistake.
    static let limit = 64 * 1024
    private static let kind: UInt8 = 0x41

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        try FrameEncoder.encode(kind: kind, payload: [UInt8](JSONEncoder().encode(value)))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from frame: Frame) throws -> Value {
        guard frame.kind == kind else { throw AgentProtocolError(.unknownKind, "kind \(frame.kind)") }
        return try JSONDecoder().decode(type, from: Data(frame.payload))
    }
}
