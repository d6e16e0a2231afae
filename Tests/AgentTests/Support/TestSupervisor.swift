import AgentProtocol
import Foundation
import Testing

@testable import AgentCore

/// The supervisor's end of the agent's socket, for tests: blocking, every wait with a deadline.
final class TestSupervisor {
    private let listener: Descriptor

    init(path: String) throws {
        unlink(path)
        listener = try UnixSocket.listen(on: path, backlog: 16)
    }

    /// The agent's next connection, before any handshake.
    func accept(within seconds: Double = 10) throws -> AgentConnection {
        var accepted: Descriptor?
        try eventually("a connection", within: seconds) {
            accepted = UnixSocket.accept(listener)
            return accepted != nil
        }
        return AgentConnection(try #require(accepted))
    }

    /// The agent's next connection, greeted.
    func welcome(
        heartbeat: Double = 0, orphan: Double? = nil, checkpoints: Bool? = nil, within seconds: Double = 10
    ) throws -> (AgentConnection, Hello) {
        let connection = try accept(within: seconds)
        guard case .hello(let hello) = try connection.receive() else { throw TimedOut(description: "no hello first") }
        try connection.send(
            .welcome(Welcome(heartbeatSeconds: heartbeat, orphanSeconds: orphan, takesCheckpoints: checkpoints)))
        return (connection, hello)
    }
}

/// One connection with an agent.
final class AgentConnection {
    let socket: Descriptor
    private var decoder = FrameDecoder()
    private var buffer = [UInt8](repeating: 0, count: 256 * 1024)

    init(_ socket: Descriptor) {
        self.socket = socket
    }

    func send(_ message: SupervisorMessage) throws {
        try send(bytes: message.encoded())
    }

    func send(bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch rest.withUnsafeBytes({ socket.write($0) }) {
            case .bytes(let count): rest = rest.dropFirst(count)
            case .wouldBlock: try wait(write: true, until: Clock.now() + .seconds(10))
            case let other: throw TimedOut(description: "sending: \(other)")
            }
        }
    }

    /// Breaks the connection.
    func cut() {
        shutdown(socket.number, Int32(SHUT_RDWR))
    }

    /// The next message; nil at the end of the connection.
    func next(within seconds: Double = 10) throws -> AgentMessage? {
        let deadline = Clock.now() + .seconds(seconds)
        while true {
            if let frame = try decoder.next() { return try AgentMessage(frame: frame) }
            switch buffer.withUnsafeMutableBytes({ socket.read(into: $0) }) {
            case .bytes(let count): decoder.append(Array(buffer[..<count]))
            case .wouldBlock: try wait(write: false, until: deadline)
            case .ended, .failed: return nil
            }
        }
    }

    func receive(within seconds: Double = 10) throws -> AgentMessage {
        guard let message = try next(within: seconds) else { throw TimedOut(description: "the agent hung up") }
        return message
    }

    private func wait(write: Bool, until deadline: Nanos) throws {
        guard Clock.now() < deadline else { throw TimedOut(description: "no message in time") }
        var set = PollSet()
        set.add(socket, read: !write, write: write)
        set.limit(to: deadline)
        set.wait(now: Clock.now())
    }
}
