import AgentProtocol
import Glibc
import TestSupport
import Testing

@testable import WorkerPool

/// The other end of a worker's socket, to say what a sound agent never says. Never blocks: reads are polled.
final class LinkPeer {
    private let descriptor: Int32
    private var decoder = FrameDecoder()
    private var isAtEnd = false

    /// Connects; throws when nobody listens.
    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0, "\(path): \(String(cString: strerror(errno)))")
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Hangs up.
    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Sends one message, small enough for the socket's buffer.
    func send(_ message: AgentMessage) throws { try #require(try trySending(message)) }

    /// Sends one message; returns whether the connection took it.
    @discardableResult
    func trySending(_ message: AgentMessage) throws -> Bool {
        let bytes = try message.encoded()
        return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Sends the beginning of a message and waits until the link has read it.
    func beHeard() async throws {
        #expect(Glibc.send(descriptor, [0] as [UInt8], 1, Int32(MSG_NOSIGNAL)) == 1)
        try await eventually("the byte's reading", every: .milliseconds(2)) {
            // SIOCOUTQ, whose name Swift does not see: the memory of what the other end has not read (unix(7)).
            var unread: Int32 = 0
            return ioctl(self.descriptor, UInt(TIOCOUTQ), &unread) == 0 && unread == 0
        }
    }

    /// Whether the link has closed the connection and left nothing to read.
    var hasEnded: Bool {
        read()
        return isAtEnd
    }

    /// The next message; `nil` when the link has closed the connection.
    func next() async throws -> SupervisorMessage? {
        let answer: SupervisorMessage?? = try await eventually("a message or the end", every: .milliseconds(2)) {
            if let frame = try self.decoder.next() { return .some(try SupervisorMessage(frame: frame)) }
            if self.isAtEnd { return .some(nil) }
            self.read()
            return nil
        }
        return answer ?? nil
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count > 0 { buffer[..<count].withUnsafeBytes { decoder.append($0) } }
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { isAtEnd = true }
    }
}
