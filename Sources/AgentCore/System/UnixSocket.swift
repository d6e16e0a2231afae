import CAgentSystem
import Glibc

/// Unix stream sockets, by path or, with a leading `@`, by abstract name.
enum UnixSocket {
    /// Connects without blocking. A Unix connect is done at once or fails: EAGAIN means a full backlog.
    static func connect(to name: String) throws(SystemError) -> Descriptor {
        let socket = try open()
        try withAddress(name, "connect") { Glibc.connect(socket.number, $0, $1) }
        return socket
    }

    /// A listening socket.
    static func listen(on name: String, backlog: Int32) throws(SystemError) -> Descriptor {
        let socket = try open()
        try withAddress(name, "bind") { bind(socket.number, $0, $1) }
        guard Glibc.listen(socket.number, backlog) == 0 else { throw SystemError("listen") }
        return socket
    }

    /// The next waiting connection, or nil.
    static func accept(_ listener: Descriptor) -> Descriptor? {
        let number = cagent_accept(listener.number)
        return number < 0 ? nil : Descriptor(number)
    }

    /// Who is at the other end. For a connecting side: who called `listen`. A pid outside of our namespace is 0.
    static func peer(of socket: Descriptor) -> (pid: pid_t, user: uid_t)? {
        var pid: pid_t = 0
        var user: uid_t = 0
        guard cagent_peer_credentials(socket.number, &pid, &user) == 0 else { return nil }
        return (pid, user)
    }

    private static func open() throws(SystemError) -> Descriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw SystemError("socket") }
        return Descriptor(number)
    }

    private static func withAddress(
        _ name: String, _ call: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = [UInt8](name.utf8)
        // An abstract name starts with a zero byte and has no end but the address's length.
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 } else { bytes.append(0) }
        guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError(call, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
        guard result == 0 else { throw SystemError(call) }
    }
}
