import AgentProtocol
import Glibc

/// Passes connections at a port of loopback on to the supervisor's proxy, a Unix socket: the only way out of a worker
/// without a network. It understands nothing of what it carries; the supervisor judges.
final class EgressRelay {
    /// How many connections are carried at once; more wait in the backlog.
    private static let most = 256
    /// A relayed connection takes two descriptors; this many are left for everything else the agent does.
    private static let reserved = 40
    private static let pieceBytes = 64 << 10
    /// How long no connection is accepted after the kernel refused one for want of descriptors or memory.
    private static let recovery = Nanos.milliseconds(100)

    private struct Connection {
        let client: Descriptor
        let upstream: Descriptor
        var outward: RelayLane
        var inward: RelayLane
        /// Where they are in the set of what is waited for.
        var places: (client: Int?, upstream: Int?) = (nil, nil)

        init(client: Descriptor, upstream: Descriptor) {
            self.client = client
            self.upstream = upstream
            outward = RelayLane(from: client, to: upstream)
            inward = RelayLane(from: upstream, to: client)
        }

        var isOver: Bool { outward.isBroken || inward.isBroken || (outward.isDone && inward.isDone) }
    }

    /// The port it listens at.
    let port: UInt16
    private let upstream: String
    private let listener: Descriptor
    private let limit: Int
    private let scratch: UnsafeMutableRawBufferPointer
    private var connections: [Connection] = []
    private var pausedUntil: Nanos = 0

    /// Listens at a port of loopback, 0 for any.
    ///
    /// - Parameter upstream: the path of the supervisor's socket, connected to anew for each connection.
    init(port: UInt16, upstream: String) throws(SystemError) {
        (listener, self.port) = try LoopbackSocket.listen(port: port, backlog: 512)
        self.upstream = upstream
        var files = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        limit = min(Self.most, max(4, (Int(clamping: files.rlim_cur) - Self.reserved) / 2))
        scratch = .allocate(byteCount: Self.pieceBytes, alignment: 16)
    }

    deinit { scratch.deallocate() }

    /// Adds what it waits for.
    func prepare(_ set: inout PollSet, now: Nanos) {
        if pausedUntil > now {
            set.limit(to: pausedUntil)
        } else {
            set.add(listener, read: connections.count < limit)
        }
        for index in connections.indices {
            let (outward, inward) = (connections[index].outward, connections[index].inward)
            connections[index].places.client = set.place(
                connections[index].client, read: outward.wantsToRead, write: inward.wantsToWrite)
            connections[index].places.upstream = set.place(
                connections[index].upstream, read: inward.wantsToRead, write: outward.wantsToWrite)
        }
    }

    /// Accepts, and moves bytes both ways. Never blocks.
    func turn(now: Nanos, ready: PollSet) {
        for index in connections.indices {
            let places = connections[index].places
            guard ready.isReady(at: places.client) || ready.isReady(at: places.upstream) else { continue }
            connections[index].outward.move(scratch)
            connections[index].inward.move(scratch)
        }
        connections.removeAll(where: \.isOver)
        if ready.isReady(listener) { accept(now: now) }
    }

    private func accept(now: Nanos) {
        while connections.count < limit {
            guard let client = UnixSocket.accept(listener) else {
                // Anything else than an empty backlog would come again at once.
                if errno != EAGAIN { pausedUntil = now + Self.recovery }
                return
            }
            do {
                connections.append(
                    Connection(client: client, upstream: try UnixSocket.connect(to: upstream)))
            } catch {
                refuse(client, error)
            }
        }
    }

    /// Says that the supervisor is not there, as a proxy says it. The few bytes fit into a fresh connection.
    private func refuse(_ client: Descriptor, _ error: SystemError) {
        let words = "acode: the supervisor, which is the way out of this worker, can't be reached now: \(error)\n"
        let answer =
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: \(words.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(words)"
        _ = Array(answer.utf8).withUnsafeBytes { client.write($0) }
        shutdown(client.number, Int32(SHUT_WR))
    }
}
