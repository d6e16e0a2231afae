internal import Glibc

/// A connection that the server gave up HTTP on: after the answer's head bytes go both ways, with an end each.
///
/// libcurl has no way to go on with such a connection in both directions, so this speaks to the socket itself. Every
/// call blocks: use it on a thread of its own. Closed when it is released.
package final class UpgradedConnection: Sendable {
    /// The socket, blocking.
    package let descriptor: Int32
    /// The answer's head.
    package let head: HTTPResponse
    /// What came with the head: the first bytes of the stream, or the body of a refusal.
    package let rest: [UInt8]

    private static let largestHead = 64 << 10

    private init(descriptor: Int32, head: HTTPResponse, rest: [UInt8]) {
        self.descriptor = descriptor
        self.head = head
        self.rest = rest
    }

    deinit { close(descriptor) }

    /// Connects to the server at `socketPath` and asks for an upgrade with a JSON body (RFC 9110, 7.8). Blocks for at most
    /// `limit` per step. An answer other than 101 or 200 is returned with its body.
    ///
    /// - Throws: `socket_missing`, `permission_denied`, `connection_refused`, `timed_out`, `cut`, `malformed_answer`.
    package static func post(
        _ target: String, json: [UInt8], socketPath: String, limit: Duration = .seconds(30)
    ) throws(TransportError) -> UpgradedConnection {
        let descriptor = try connected(to: socketPath, limit: limit)
        do throws(TransportError) {
            let head =
                "POST \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(json.count)\r\n\r\n"
            try send(Array(head.utf8) + json, to: descriptor)
            let (answer, rest) = try readHead(descriptor)
            let isRefusal = answer.status != 101 && answer.status != 200
            let body = isRefusal ? try readBody(rest, answer, descriptor) : rest
            setTimeout(descriptor, nil)
            return UpgradedConnection(
                descriptor: descriptor, head: HTTPResponse(head: answer, body: isRefusal ? body : []), rest: body)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func connected(to path: String, limit: Duration) throws(TransportError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw TransportError(.invalidRequest, "the path \(path) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TransportError(.other, "no socket: \(words(errno))") }
        setTimeout(descriptor, limit)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let cause = errno
            close(descriptor)
            let code: TransportError.Code =
                switch cause {
                case ENOENT: .socketMissing
                case EACCES, EPERM: .permissionDenied
                case ECONNREFUSED: .connectionRefused
                case EAGAIN: .timedOut
                default: .connectFailed
                }
            throw TransportError(code, "\(path): \(words(cause))")
        }
        return descriptor
    }

    private static func setTimeout(_ descriptor: Int32, _ limit: Duration?) {
        var time = timeval()
        time.tv_sec = limit.map { max(1, Int($0 / .seconds(1))) } ?? 0
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    private static func send(_ bytes: [UInt8], to descriptor: Int32) throws(TransportError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(errno, "while sending") }
            done += count
        }
    }

    private static func receive(_ descriptor: Int32) throws(TransportError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(errno, "while waiting for the answer") }
            return Array(buffer[..<count])
        }
    }

    private static func readHead(_ descriptor: Int32) throws(TransportError) -> (HTTPResponseHead, [UInt8]) {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while bytes.count <= largestHead {
            let piece = try receive(descriptor)
            guard !piece.isEmpty else { throw TransportError(.cut, "the connection ended before the answer") }
            let from = max(0, bytes.count - 3)
            bytes += piece
            guard let index = (from...max(from, bytes.count - 4)).first(where: { bytes[$0...].starts(with: end) })
            else { continue }
            return (try head(String(decoding: bytes[..<index], as: UTF8.self)), Array(bytes[(index + 4)...]))
        }
        throw TransportError(.malformedAnswer, "the answer's head has more than \(largestHead) bytes")
    }

    private static func head(_ text: String) throws(TransportError) -> HTTPResponseHead {
        let lines = text.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw TransportError(.malformedAnswer, "the answer is no HTTP")
        }
        var headers: HTTPHeaders = [:]
        for line in lines.dropFirst() { headers.append(line: line) }
        return HTTPResponseHead(status: status, headers: headers)
    }

    private static func readBody(
        _ start: [UInt8], _ head: HTTPResponseHead, _ descriptor: Int32
    ) throws(TransportError) -> [UInt8] {
        var body = start
        let length = min(head.headers["content-length"].flatMap { Int($0) } ?? 0, largestHead)
        while body.count < length {
            let piece = try receive(descriptor)
            if piece.isEmpty { break }
            body += piece
        }
        return body
    }

    private static func failure(_ cause: Int32, _ phase: String) -> TransportError {
        TransportError(cause == EAGAIN ? .timedOut : .cut, "\(phase): \(words(cause))")
    }

    private static func words(_ cause: Int32) -> String { String(cString: strerror(cause)) }
}
