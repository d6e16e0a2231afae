internal import Foundation
internal import Glibc
internal import Synchronization

/// A TCP socket in front of a real server that goes wrong on demand, whatever is spoken through it: of a database.
///
/// Everything passes through unchanged until a fault is set. Faults meet all connections, old and new.
package final class FaultProxy: Sendable {
    /// There is no host and port in the URL.
    package struct NoAddress: Error {}

    private struct State {
        var isHeld = false
        var isStopped = false
        var refuses = false
        var bytesPerSecond: Int?
        var latency: Duration = .zero
        var answerBytesLeft: Int?
        var cutsNextRequest = false
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared: Shared
    private let listener: UnixListener
    /// The URL of the server, by way of this proxy.
    package let url: String

    /// Listens in front of the server of a URL, which must be at a port of this machine.
    package init(upstream: String) throws {
        guard var parts = URLComponents(string: upstream), let port = parts.port.flatMap(UInt16.init(exactly:)) else {
            throw NoAddress()
        }
        let shared = Shared()
        self.shared = shared
        listener = try UnixListener(onTCP: true) { client in
            guard !shared.state.withLock({ $0.refuses }), let server = UnixConnection(connectingToPort: port) else {
                return client.cut()
            }
            defer { server.closeDescriptor() }
            Self.carry(client, server, shared)
        }
        parts.host = "127.0.0.1"
        parts.port = Int(listener.port)
        url = parts.string ?? ""
    }

    /// Where it listens on 127.0.0.1.
    package var port: UInt16 { listener.port }
    /// How many connections were made so far.
    package var connectionCount: Int { listener.connectionCount }
    /// How many are open.
    package var openCount: Int { listener.openCount }

    /// From now on nothing passes and nothing breaks: what a network does that swallows everything.
    package func hold() { shared.state.withLock { $0.isHeld = true } }

    /// From now on new connections end at once.
    package func refuse() { shared.state.withLock { $0.refuses = true } }

    /// From now on answers pass at this pace, in ten pieces a second.
    package func slow(bytesPerSecond: Int) { shared.state.withLock { $0.bytesPerSecond = bytesPerSecond } }

    /// From now on each piece of a request takes so much longer.
    package func delay(_ time: Duration) { shared.state.withLock { $0.latency = time } }

    /// A connection breaks once so many bytes of answers have passed, counted over all; once.
    package func cut(afterAnswerBytes count: Int) { shared.state.withLock { $0.answerBytesLeft = count } }

    /// The connection of the next request breaks before anything of it has passed; once.
    package func cutNextRequest() { shared.state.withLock { $0.cutsNextRequest = true } }

    /// Everything passes again, also what was held.
    package func pass() {
        shared.state.withLock { state in
            let isStopped = state.isStopped
            state = State()
            state.isStopped = isStopped
        }
    }

    /// Breaks every open connection.
    package func cutAll() { listener.cutAll() }

    /// Stops listening and breaks every connection.
    package func stop() {
        shared.state.withLock { $0.isStopped = true }
        listener.stop()
    }

    // MARK: On the connection's thread

    private static func carry(_ client: UnixConnection, _ server: UnixConnection, _ shared: Shared) {
        var descriptors = [
            pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: server.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&descriptors, 2, -1) >= 0 || errno == EINTR {
            guard waitWhileHeld(client, shared) else { return }
            if descriptors[0].revents != 0 {
                let bytes = client.read()
                let isCut = shared.state.withLock { state in
                    defer { if !bytes.isEmpty { state.cutsNextRequest = false } }
                    return state.cutsNextRequest
                }
                guard !isCut else { return client.cut() }
                sleepThread(shared.state.withLock { $0.latency })
                // What was read when the network went is not let through.
                guard !bytes.isEmpty, waitWhileHeld(client, shared), server.write(bytes) else { return client.cut() }
            }
            if descriptors[1].revents != 0 {
                let bytes = server.read()
                guard !bytes.isEmpty, waitWhileHeld(client, shared), answer(bytes, client, shared) else {
                    return client.cut()
                }
            }
        }
    }

    /// Returns false when the proxy was stopped or the connection cut.
    private static func waitWhileHeld(_ client: UnixConnection, _ shared: Shared) -> Bool {
        while true {
            let (isHeld, isStopped) = shared.state.withLock { ($0.isHeld, $0.isStopped) }
            if isStopped { return false }
            guard isHeld else { return true }
            var file = pollfd(fd: client.descriptor, events: 0, revents: 0)
            if poll(&file, 1, 5) > 0, file.revents & Int16(POLLHUP | POLLERR) != 0 { return false }
        }
    }

    /// Returns false when the connection is to end.
    private static func answer(_ bytes: [UInt8], _ client: UnixConnection, _ shared: Shared) -> Bool {
        let (left, pace) = shared.state.withLock { state -> (Int?, Int?) in
            guard let left = state.answerBytesLeft else { return (nil, state.bytesPerSecond) }
            state.answerBytesLeft = left > bytes.count ? left - bytes.count : nil
            return (left, state.bytesPerSecond)
        }
        if let left, left <= bytes.count {
            client.write(Array(bytes.prefix(left)))
            return false
        }
        guard let pace else { return client.write(bytes) }
        let size = max(1, pace / 10)
        for start in stride(from: 0, to: bytes.count, by: size) {
            guard waitWhileHeld(client, shared),
                client.write(Array(bytes[start..<min(bytes.count, start + size)]))
            else { return false }
            sleepThread(.milliseconds(100))
        }
        return true
    }

    /// The delay itself, on the connection's own thread.
    private static func sleepThread(_ time: Duration) {
        guard time > .zero else { return }
        usleep(UInt32(time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000))
    }
}
