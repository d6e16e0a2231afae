internal import Glibc
internal import Synchronization

/// A socket in front of a real server that goes wrong on demand: of an engine (Unix) or of a registry (TCP).
///
/// Everything passes through unchanged until a fault is injected. Faults meet requests by a piece of their first line
/// (`POST /v1.41/containers/create`), on new and on kept connections.
package final class SocketProxy: Sendable {
    /// What can go wrong.
    package enum Fault: Sendable {
        /// The request is passed on only after a while.
        case delay(Duration)
        /// The connection breaks after so many bytes of the answer, its head included.
        case cut(afterBytes: Int)
        /// The connection breaks after so many bytes of the answer's body.
        case cutBody(afterBytes: Int)
        /// The answer passes at this pace.
        case slow(bytesPerSecond: Int)
        /// After so many bytes of the answer nothing more comes, and the connection stays.
        case stall(afterBytes: Int)
        /// The server never sees the request; these bytes come back, then the connection ends.
        case answer([UInt8])
        /// The server never sees the request, and nothing comes back.
        case hang

        /// An HTTP error as an engine sends it.
        package static func status(
            _ status: Int, body: String = #"{"message":"injected"}"#, header: String = ""
        ) -> Fault {
            .answer(
                Array(
                    ("HTTP/1.1 \(status) Injected\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
                        + "\(header.isEmpty ? "" : header + "\r\n")Connection: close\r\n\r\n" + body).utf8))
        }
    }

    private struct Rule {
        let fault: Fault
        let match: String
        var timesLeft: Int
    }

    private struct State {
        var rules: [Rule] = []
        var requests: [String] = []
    }

    private final class Shared: Sendable {
        let state = Mutex(State())

        /// Counts a request, and says which fault meets it.
        func fault(for firstLine: String) -> Fault? {
            state.withLock { state in
                state.requests.append(firstLine)
                guard let index = state.rules.firstIndex(where: { $0.timesLeft > 0 && firstLine.contains($0.match) })
                else { return nil }
                state.rules[index].timesLeft -= 1
                return state.rules[index].fault
            }
        }
    }

    private let shared: Shared
    private let listener: UnixListener

    /// Listens in front of the socket at `upstream`.
    package init(upstream: String) throws {
        let shared = Shared()
        self.shared = shared
        listener = try UnixListener { client in
            guard let server = UnixConnection(connectingTo: upstream) else { return }
            defer { server.closeDescriptor() }
            Self.carry(client, server, shared)
        }
    }

    /// Listens on TCP in front of a port of this machine.
    package init(upstreamPort: UInt16) throws {
        let shared = Shared()
        self.shared = shared
        listener = try UnixListener(onTCP: true) { client in
            guard let server = UnixConnection(connectingToPort: upstreamPort) else { return }
            defer { server.closeDescriptor() }
            Self.carry(client, server, shared)
        }
    }

    /// Where clients connect on 127.0.0.1; 0 for a Unix socket.
    package var port: UInt16 { listener.port }
    /// Where clients connect.
    package var socketPath: String { listener.socketPath }
    /// How many connections were made so far.
    package var connectionCount: Int { listener.connectionCount }
    /// How many are open.
    package var openCount: Int { listener.openCount }
    /// First lines of all requests so far.
    package var requests: [String] { shared.state.withLock { $0.requests } }

    /// From now on, the next `times` requests whose first line contains `match` meet the fault.
    package func inject(_ fault: Fault, onRequestsContaining match: String = "", times: Int = .max) {
        shared.state.withLock { $0.rules.append(Rule(fault: fault, match: match, timesLeft: times)) }
    }

    /// Everything passes again. Requests that were swallowed stay swallowed.
    package func clearFaults() { shared.state.withLock { $0.rules = [] } }

    /// Breaks every open connection.
    package func cutAll() { listener.cutAll() }

    /// Stops listening and breaks every connection.
    package func stop() { listener.stop() }

    private static func carry(_ client: UnixConnection, _ server: UnixConnection, _ shared: Shared) {
        var answerLeft = Int.max
        var countsBodyOnly = false
        var pace: Int?
        var stallsAfter: Int?
        var head: [UInt8] = []
        var descriptors = [
            pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: server.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&descriptors, 2, -1) >= 0 || errno == EINTR {
            if descriptors[0].revents != 0 {
                let bytes = client.read()
                if bytes.isEmpty { return }
                if let line = firstLine(bytes) {
                    pace = nil
                    switch shared.fault(for: line) {
                    case nil: break
                    case .delay(let time): sleepThread(time)
                    case .cut(let count): answerLeft = count
                    case .cutBody(let count):
                        answerLeft = count
                        countsBodyOnly = true
                        head = []
                    case .slow(let bytesPerSecond): pace = bytesPerSecond
                    case .stall(let count): stallsAfter = count
                    case .answer(let answer):
                        client.write(answer)
                        return client.cut()
                    case .hang: return client.waitForEnd()
                    }
                }
                guard server.write(bytes) else { return client.cut() }
            }
            if descriptors[1].revents != 0 {
                var bytes = server.read()
                if bytes.isEmpty { return client.cut() }
                if countsBodyOnly {
                    head += bytes
                    guard let end = endOfHead(head) else {
                        client.write(bytes)
                        continue
                    }
                    countsBodyOnly = false
                    client.write(Array(bytes.prefix(bytes.count - (head.count - end))))
                    bytes = Array(head[end...])
                }
                if bytes.count >= answerLeft {
                    client.write(Array(bytes.prefix(answerLeft)))
                    return client.cut()
                }
                if answerLeft != .max { answerLeft -= bytes.count }
                if let left = stallsAfter {
                    guard bytes.count < left else {
                        client.write(Array(bytes.prefix(left)))
                        return client.waitForEnd()
                    }
                    stallsAfter = left - bytes.count
                }
                if let pace {
                    guard trickle(bytes, to: client, pace) else { return }
                    continue
                }
                guard client.write(bytes) else { return }
            }
        }
    }

    /// Writes bytes at a pace, in ten pieces a second.
    private static func trickle(_ bytes: [UInt8], to client: UnixConnection, _ bytesPerSecond: Int) -> Bool {
        let size = max(1, bytesPerSecond / 10)
        for start in stride(from: 0, to: bytes.count, by: size) {
            guard client.write(Array(bytes[start..<min(bytes.count, start + size)])) else { return false }
            sleepThread(.milliseconds(100))
        }
        return true
    }

    /// The first line when these bytes begin a request.
    private static func firstLine(_ bytes: [UInt8]) -> String? {
        let line = String(decoding: bytes.prefix { $0 != 13 }.prefix(4096), as: UTF8.self)
        return ["GET ", "HEAD ", "POST ", "PUT ", "DELETE "].contains { line.hasPrefix($0) } ? line : nil
    }

    /// Where the body begins.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4) where Array(bytes[index..<index + 4]) == [13, 10, 13, 10] {
            return index + 4
        }
        return nil
    }

    /// The delay itself, on the connection's own thread.
    private static func sleepThread(_ time: Duration) {
        usleep(UInt32(time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000))
    }
}
