import AgentProtocol
import Glibc

/// Answers the agent's sub-commands. Serves the agent's own user, and root, only.
final class LocalServer {
    private static let mostClients = 32
    private static let patience = Nanos.seconds(2)

    private struct Client {
        let ticket: UInt64
        let socket: Descriptor
        /// By when it must have asked; nil once it has and waits.
        var deadline: Nanos?
        var decoder = FrameDecoder(maximumPayload: LocalCoding.limit)
    }

    /// The abstract name, with a leading `@`.
    let name: String
    private let listener: Descriptor
    private var clients: [Client] = []
    private var lastTicket: UInt64 = 0

    /// Starts to listen.
    init(name: String) throws(SystemError) {
        self.name = name
        listener = try UnixSocket.listen(on: name, backlog: 64)
    }

    /// Adds what it waits for. While all places are taken, new clients stay in the backlog.
    func prepare(_ set: inout PollSet) {
        set.add(listener, read: clients.count < Self.mostClients)
        for client in clients {
            set.add(client.socket, read: true)
            set.limit(to: client.deadline)
        }
    }

    /// Accepts, reads, answers with what `handler` returns. A client gets one answer and is then let go. One for which
    /// `handler` returns nil waits until `answer` is called with its ticket, or it hangs up.
    func turn(now: Nanos, ready: PollSet, handler: (LocalRequest, _ ticket: UInt64) -> LocalReply?) {
        if ready.isReady(listener) { accept(now: now) }
        guard !clients.isEmpty else { return }
        var remaining: [Client] = []
        for var client in clients where client.deadline.map({ now < $0 }) ?? true {
            if serve(&client, handler) { remaining.append(client) }
        }
        clients = remaining
    }

    /// Answers a client that waits; nothing happens when it has hung up.
    func answer(_ ticket: UInt64, with reply: LocalReply) {
        guard let index = clients.firstIndex(where: { $0.ticket == ticket }) else { return }
        Self.send(reply, to: clients.remove(at: index).socket)
    }

    /// Whether a client still waits.
    func isWaiting(_ ticket: UInt64) -> Bool { clients.contains { $0.ticket == ticket } }

    private func accept(now: Nanos) {
        while clients.count < Self.mostClients, let socket = UnixSocket.accept(listener) {
            // Abstract names are shared by all in a network namespace. Pid 0 is a process outside of our own pid
            // namespace: another container on the host's network.
            guard let peer = UnixSocket.peer(of: socket), peer.pid > 0 else { continue }
            guard peer.user == geteuid() || peer.user == 0 else { continue }
            lastTicket += 1
            clients.append(Client(ticket: lastTicket, socket: socket, deadline: now + Self.patience))
        }
    }

    /// - Returns: whether the client has more to say.
    private func serve(_ client: inout Client, _ handler: (LocalRequest, UInt64) -> LocalReply?) -> Bool {
        var result = Descriptor.Transfer.wouldBlock
        let piece = [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
            result = client.socket.read(into: UnsafeMutableRawBufferPointer(buffer))
            if case .bytes(let read) = result { count = read }
        }
        switch result {
        case .bytes: client.decoder.append(piece)
        case .wouldBlock: return true
        case .ended, .failed: return false
        }
        // It has asked already: what it says beyond that is not read.
        guard client.deadline != nil else { return false }
        do {
            guard let frame = try client.decoder.next() else { return true }
            guard let reply = handler(try LocalCoding.decode(LocalRequest.self, from: frame), client.ticket) else {
                client.deadline = nil
                return true
            }
            Self.send(reply, to: client.socket)
        } catch {
            // A client that talks nonsense gets no answer.
        }
        return false
    }

    /// An answer of a few bytes always fits into a fresh socket.
    private static func send(_ reply: LocalReply, to socket: Descriptor) {
        guard let bytes = try? LocalCoding.encode(reply) else { return }
        _ = bytes.withUnsafeBytes { socket.write($0) }
    }
}
