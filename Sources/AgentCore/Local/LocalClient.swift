import AgentProtocol
import Glibc

/// Asks a running agent, from a sub-command.
enum LocalClient {
    /// Why there is no answer.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Sends one request and waits for the answer.
    ///
    /// - Parameters:
    ///   - pid: the process that has to be listening, as this process sees it; nil takes any of our user's.
    ///   - timeout: for the whole exchange.
    static func ask(_ request: LocalRequest, at name: String, pid: pid_t?, timeout: Nanos) throws -> LocalReply {
        let deadline = Clock.now() + timeout
        let socket = try UnixSocket.connect(to: name)
        guard let peer = UnixSocket.peer(of: socket) else { throw Failure(description: "the peer is unknown") }
        guard peer.user == geteuid() || peer.user == 0 || geteuid() == 0 else {
            throw Failure(description: "the socket belongs to another user")
        }
        if let pid, peer.pid != pid { throw Failure(description: "the socket belongs to another process") }
        var decoder = FrameDecoder(maximumPayload: LocalCoding.limit)
        var set = PollSet()
        try send(try LocalCoding.encode(request), to: socket, until: deadline, &set)
        while true {
            if let frame = try decoder.next() { return try LocalCoding.decode(LocalReply.self, from: frame) }
            let now = Clock.now()
            guard now < deadline else { throw Failure(description: "no answer in time") }
            set.reset()
            set.add(socket, read: true)
            set.limit(to: deadline)
            set.wait(now: now)
            var result = Descriptor.Transfer.wouldBlock
            let piece = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                result = socket.read(into: UnsafeMutableRawBufferPointer(buffer))
                if case .bytes(let read) = result { count = read }
            }
            switch result {
            case .bytes: decoder.append(piece)
            case .wouldBlock: continue
            case .ended: throw Failure(description: "the agent hung up")
            case .failed(let code): throw SystemError("read", code: code)
            }
        }
    }

    /// A checkpoint may be larger than a socket's buffer.
    private static func send(
        _ bytes: [UInt8], to socket: Descriptor, until deadline: Nanos, _ set: inout PollSet
    ) throws {
        var sent = 0
        while sent < bytes.count {
            switch bytes.withUnsafeBytes({ socket.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
            case .bytes(let count): sent += count
            case .ended: throw Failure(description: "the agent hung up")
            case .failed(let code): throw SystemError("write", code: code)
            case .wouldBlock:
                let now = Clock.now()
                guard now < deadline else { throw Failure(description: "the agent takes nothing") }
                set.reset()
                set.add(socket, write: true)
                set.limit(to: deadline)
                set.wait(now: now)
            }
        }
    }
}
