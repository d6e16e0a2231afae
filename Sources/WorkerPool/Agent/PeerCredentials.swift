internal import Glibc
internal import NIOCore

/// Who is at the other end of a Unix socket, by the kernel's word (`SO_PEERCRED`, unix(7)).
struct PeerCredentials: Sendable, Equatable {
    /// The peer's pid in our pid namespace; 0 when it has none there.
    let pid: Int32

    /// The kernel's `struct ucred`, which Swift's Glibc does not show.
    private struct Answer {
        var pid: Int32
        var uid: UInt32
        var gid: UInt32
    }

    /// Asks the kernel about a connected channel.
    static func of(_ channel: any Channel) async throws -> PeerCredentials {
        guard let provider = channel as? any SocketOptionProvider else { return PeerCredentials(pid: 0) }
        let credentials: Answer = try await provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        ).get()
        return PeerCredentials(pid: credentials.pid)
    }
}
