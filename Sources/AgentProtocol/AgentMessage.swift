/// What an agent tells a supervisor.
package enum AgentMessage: Hashable, Sendable {
    /// First on every connection.
    case hello(Hello)
    /// The attempt's process exists.
    case started(Started)
    /// A piece of the attempt's output.
    case output(OutputChunk)
    /// The task says how far it is.
    case progress(TaskProgress)
    /// The attempt ended, all its output was sent before this, and nothing of it runs any more. Sent again on every
    /// connection until an `outputAck` with `exited` answers it.
    case exited(Exited)
    /// The answer to a `run` that is not carried out.
    case refused(Refused)
    /// The answer to a ping.
    case pong(nonce: UInt64)
    /// Something an operator should know.
    case log(AgentLog)
    /// The agent has outlived kills for memory in its cgroup.
    case memoryKills(MemoryKillsOutlived)
    /// The task wants a checkpoint saved. Answered by `checkpointAnswer`.
    case checkpoint(CheckpointSave)

    /// The kind byte of each message.
    package enum Kind: UInt8, Sendable {
        case hello = 0x81
        case started = 0x82
        case output = 0x83
        case progress = 0x84
        case exited = 0x85
        case refused = 0x86
        case pong = 0x87
        case log = 0x88
        case memoryKills = 0x89
        case checkpoint = 0x8A
    }

    /// The bytes of the message's frame.
    ///
    /// - Throws: `unencodable`, `payload_too_large`.
    package func encoded() throws(AgentProtocolError) -> [UInt8] {
        switch self {
        case .hello(let value): try Self.frame(.hello, PayloadCoding.encode(value))
        case .started(let value): try Self.frame(.started, PayloadCoding.encode(value))
        case .output(let chunk): try Self.outputFrame(chunk)
        case .progress(let value): try Self.frame(.progress, PayloadCoding.encode(value))
        case .exited(let value): try Self.frame(.exited, PayloadCoding.encode(value))
        case .refused(let value): try Self.frame(.refused, PayloadCoding.encode(value))
        case .pong(let nonce): try Self.frame(.pong, PayloadCoding.encode(NoncePayload(nonce: nonce)))
        case .log(let value): try Self.frame(.log, PayloadCoding.encode(value))
        case .memoryKills(let value): try Self.frame(.memoryKills, PayloadCoding.encode(value))
        case .checkpoint(let value): try Self.frame(.checkpoint, PayloadCoding.encode(value))
        }
    }

    /// Reads a frame that came from an agent.
    ///
    /// - Throws: `unknown_kind`, `malformed_payload`.
    package init(frame: Frame) throws(AgentProtocolError) {
        guard let kind = Kind(rawValue: frame.kind) else {
            throw AgentProtocolError(.unknownKind, "kind \(frame.kind) from an agent")
        }
        switch kind {
        case .hello: self = .hello(try PayloadCoding.decode(Hello.self, from: frame.payload))
        case .started: self = .started(try PayloadCoding.decode(Started.self, from: frame.payload))
        case .output: self = .output(try OutputChunk(payload: frame.payload))
        case .progress: self = .progress(try PayloadCoding.decode(TaskProgress.self, from: frame.payload))
        case .exited: self = .exited(try PayloadCoding.decode(Exited.self, from: frame.payload))
        case .refused: self = .refused(try PayloadCoding.decode(Refused.self, from: frame.payload))
        case .pong: self = .pong(nonce: try PayloadCoding.decode(NoncePayload.self, from: frame.payload).nonce)
        case .log: self = .log(try PayloadCoding.decode(AgentLog.self, from: frame.payload))
        case .memoryKills:
            self = .memoryKills(try PayloadCoding.decode(MemoryKillsOutlived.self, from: frame.payload))
        case .checkpoint: self = .checkpoint(try PayloadCoding.decode(CheckpointSave.self, from: frame.payload))
        }
    }

    private static func frame(_ kind: Kind, _ payload: [UInt8]) throws(AgentProtocolError) -> [UInt8] {
        try FrameEncoder.encode(kind: kind.rawValue, payload: payload)
    }

    private static func outputFrame(_ chunk: OutputChunk) throws(AgentProtocolError) -> [UInt8] {
        guard chunk.bytes.count <= AgentProtocol.maximumPayload - OutputChunk.headerLength else {
            throw AgentProtocolError(.payloadTooLarge, "\(chunk.bytes.count) bytes of output in one frame")
        }
        return OutputChunk.frameHeader(stream: chunk.stream, offset: chunk.offset, count: chunk.bytes.count)
            + chunk.bytes
    }
}
