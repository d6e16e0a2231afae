internal import Glibc

/// Tells supervisors of this host that something changed in the store, so that they need not wait for their next look.
///
/// One byte to the socket beside each control socket: sent in microseconds, with no answer to wait for. A request over
/// HTTP would cost more than everything else between a submit and the start of its command.
package enum Announcement {
    /// What changed. The raw value is the byte that is sent.
    package enum Kind: UInt8, Sendable {
        /// There may be new tasks.
        case submitted = 1
        /// Somebody asked for running tasks to stop.
        case cancelled = 2
    }

    /// Tells the supervisors of all these control sockets. Nobody has to listen: sockets may be left over from
    /// supervisors that ended, and who can't be told finds out by itself. Does not block.
    ///
    /// - Returns: how many were told.
    @discardableResult
    package static func announce(_ kind: Kind, to controlSockets: [String]) -> Int {
        controlSockets.count { send(kind.rawValue, to: path(beside: $0)) }
    }

    /// Where the supervisor with this control socket hears announcements.
    static func path(beside controlSocket: String) -> String {
        let directory = controlSocket.lastIndex(of: "/").map { controlSocket[...$0] } ?? ""
        return directory + "bell.sock"
    }

    private static func send(_ byte: UInt8, to path: String) -> Bool {
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(AF_UNIX, Int32(type), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { field in
            guard path.utf8.count < field.count else { return false }
            field.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { return false }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) == 0 }
        }
        // A full queue means that the supervisor has enough to wake up for already.
        guard isConnected else { return errno == EAGAIN }
        var byte = byte
        return Glibc.send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL)) == 1
    }
}
