/// What a supervisor tells an agent.
package enum SupervisorMessage: Hashable, Sendable {
    /// Answers `hello`; first on every connection.
    case welcome(Welcome)
    /// Start an attempt. Answered by `started`, `exited` with a start failure, or `refused`.
    case run(RunRequest)
    /// Send a signal to an attempt's process group. Ignored when that attempt is not running.
    case signal(attempt: AttemptRef, signal: Int32)
    /// Answer with `pong` and the same number.
    case ping(nonce: UInt64)
    /// Take no more attempts; finish the current one, have its exit acknowledged, then exit with 0.
    case drain
    /// Kill the current attempt, report its exit, and exit with 0 as soon as that is acknowledged, or a second later.
    case shutdown
    /// Output, and perhaps the exit, is safe.
    case outputAck(OutputAck)
    /// What became of a checkpoint.
    case checkpointAnswer(CheckpointAnswer)
    /// The task should come to a stop by itself: it may save a checkpoint and exit with 75 before it is sent a signal. Only
    /// for agents that say that they know it.
    case stopRequested(AttemptRef)

    /// The kind byte of each message.
    package enum Kind: UInt8, Sendable {
        case welcome = 0x01
        case run = 0x02
        case signal = 0x03
        case ping = 0x04
        case drain = 0x05
        case shutdown = 0x06
        case outputAck = 0x07
        case checkpointAnswer = 0x08
        case stopRequested = 0x09
    }

    /// The bytes of the message's frame.
    ///
    /// - Throws: `unencodable`, `payload_too_large`.
    package func encoded() throws(AgentProtocolError) -> [UInt8] {
        switch self {
        case .welcome(let value): try Self.frame(.welcome, PayloadCoding.encode(value))
        case .run(let value): try Self.frame(.run, PayloadCoding.encode(value))
        case .signal(let attempt, let signal):
            try Self.frame(.signal, PayloadCoding.encode(SignalPayload(attempt: attempt, signal: signal)))
        case .ping(let nonce): try Self.frame(.ping, PayloadCoding.encode(NoncePayload(nonce: nonce)))
        case .drain: try Self.frame(.drain, [])
        case .shutdown: try Self.frame(.shutdown, [])
        case .outputAck(let value): try Self.frame(.outputAck, PayloadCoding.encode(value))
        case .checkpointAnswer(let value): try Self.frame(.checkpointAnswer, PayloadCoding.encode(value))
        case .stopRequested(let value): try Self.frame(.stopRequested, PayloadCoding.encode(value))
        }
    }

    /// Reads a frame that came from a supervisor.
    ///
    /// - Throws: `unknown_kind`, `malformed_payload`.
    package init(frame: Frame) throws(AgentProtocolError) {
        guard let kind = Kind(rawValue: frame.kind) else {
            throw AgentProtocolError(.unknownKind, "kind \(frame.kind) from a supervisor")
        }
        switch kind {
        case .welcome: self = .welcome(try PayloadCoding.decode(Welcome.self, from: frame.payload))
        case .run: self = .run(try PayloadCoding.decode(RunRequest.self, from: frame.payload))
        case .signal:
            let payload = try PayloadCoding.decode(SignalPayload.self, from: frame.payload)
            self = .signal(attempt: payload.attempt, signal: payload.signal)
        case .ping: self = .ping(nonce: try PayloadCoding.decode(NoncePayload.self, from: frame.payload).nonce)
        case .drain: self = .drain
        case .shutdown: self = .shutdown
        case .outputAck: self = .outputAck(try PayloadCoding.decode(OutputAck.self, from: frame.payload))
        case .checkpointAnswer:
            self = .checkpointAnswer(try PayloadCoding.decode(CheckpointAnswer.self, from: frame.payload))
        case .stopRequested: self = .stopRequested(try PayloadCoding.decode(AttemptRef.self, from: frame.payload))
        }
    }

    private static func frame(_ kind: Kind, _ payload: [UInt8]) throws(AgentProtocolError) -> [UInt8] {
        try FrameEncoder.encode(kind: kind.rawValue, payload: payload)
    }
}

private struct SignalPayload: Codable {
    var attempt: AttemptRef
    var signal: Int32
}

struct NoncePayload: Codable {
    var nonce: UInt64
}
