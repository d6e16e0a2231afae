import AgentProtocol
import Foundation

/// What a supervisor learns about one attempt; keeps output the way a real one does, by offset.
struct Transcript {
    var started: Started?
    var exited: Exited?
    var output: [UInt8] = []
    var error: [UInt8] = []
    var progress: [TaskProgress] = []
    var refused: [Refused] = []
    var logs: [AgentLog] = []
    var checkpoints: [CheckpointSave] = []
    /// Offset after the last byte taken, and how many bytes were jumped over.
    var offset: UInt64 = 0
    var missing: UInt64 = 0

    var text: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: error, as: UTF8.self) }

    mutating func take(_ message: AgentMessage) {
        switch message {
        case .started(let value): started = value
        case .exited(let value): exited = value
        case .progress(let value): progress.append(value)
        case .refused(let value): refused.append(value)
        case .log(let value): logs.append(value)
        case .checkpoint(let value): checkpoints.append(value)
        case .output(let chunk): take(chunk)
        case .hello, .pong, .memoryKills: break
        }
    }

    private mutating func take(_ chunk: OutputChunk) {
        guard chunk.endOffset > offset else { return }
        if chunk.offset > offset { missing += chunk.offset - offset }
        let known = chunk.offset < offset ? Int(offset - chunk.offset) : 0
        switch chunk.stream {
        case .standardOutput: output += chunk.bytes.dropFirst(known)
        case .standardError: error += chunk.bytes.dropFirst(known)
        }
        offset = chunk.endOffset
    }
}

extension AgentConnection {
    /// Takes messages, acknowledging output, until `done` says so.
    func follow(
        _ transcript: inout Transcript, token: Int64, within seconds: Double = 20,
        until done: (Transcript) -> Bool = { $0.exited != nil }
    ) throws {
        var acknowledged = transcript.offset
        while !done(transcript) {
            transcript.take(try receive(within: seconds))
            guard transcript.offset - acknowledged >= AgentProtocol.acknowledgeEvery else { continue }
            acknowledged = transcript.offset
            try send(.outputAck(OutputAck(token: token, offset: acknowledged)))
        }
    }

    /// Runs a command to its end and acknowledges everything.
    func perform(_ request: RunRequest) throws -> Transcript {
        var transcript = Transcript()
        try send(.run(request))
        try follow(&transcript, token: request.attempt.token) { $0.exited != nil || !$0.refused.isEmpty }
        if let exited = transcript.exited { try acknowledge(exited) }
        return transcript
    }

    func acknowledge(_ exited: Exited) throws {
        try send(.outputAck(OutputAck(token: exited.attempt.token, offset: exited.outputBytes, exited: true)))
    }
}

extension RunRequest {
    /// A request with a token of its own for `sh -c script`.
    static func shell(_ script: String, token: Int64 = 1, environment: [String: String] = [:]) -> RunRequest {
        command(["/bin/sh", "-c", script], token: token, environment: environment)
    }

    static func command(_ argv: [String], token: Int64 = 1, environment: [String: String] = [:]) -> RunRequest {
        RunRequest(
            attempt: AttemptRef(taskID: "task", attempt: 1, token: token), argv: argv, environment: environment)
    }
}
