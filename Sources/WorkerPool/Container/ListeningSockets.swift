internal import Foundation
internal import Settings

/// A socket of this host that waits for connections or datagrams, as `/proc/net/tcp` and its like tell (proc(5)).
struct ListeningSocket: Sendable, Equatable {
    let transport: PortPublication.Transport
    let port: Int
    /// The socket's number in the kernel, by which its owner is found.
    let inode: String

    /// Whether it may be what keeps a port from being published. Addresses are not compared: that it was in the way the
    /// engine has said already.
    func holds(_ wanted: PortPublication) -> Bool {
        wanted.hostPort == port && wanted.transport == transport
    }

    /// The process that has it, as far as this user may look. Blocks for about 50 µs a process of the host.
    func owner() -> String? {
        let link = "socket:[\(inode)]"
        let manager = FileManager.default
        for pid in (try? manager.contentsOfDirectory(atPath: "/proc")) ?? [] where Int32(pid) != nil {
            for descriptor in (try? manager.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? [] {
                let target = try? manager.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(descriptor)")
                guard target == link else { continue }
                let name = KernelFile.text("/proc/\(pid)/comm") ?? ""
                return "the process \(pid) (\(name.filter { !$0.isNewline }))"
            }
        }
        return nil
    }
}

/// Reads the sockets of this host.
enum ListeningSockets {
    /// Everything that listens now. Blocks for a few system calls.
    static func read() -> [ListeningSocket] {
        [("tcp", PortPublication.Transport.tcp), ("tcp6", .tcp), ("udp", .udp), ("udp6", .udp)].flatMap { file, kind in
            parse(KernelFile.text("/proc/net/\(file)") ?? "", kind)
        }
    }

    /// Reads one of the kernel's tables: of TCP the state LISTEN (0A), of UDP the unconnected ones (07).
    static func parse(_ table: String, _ transport: PortPublication.Transport) -> [ListeningSocket] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == (transport == .tcp ? "0A" : "07"),
                let colon = fields[1].lastIndex(of: ":"),
                let port = Int(fields[1][fields[1].index(after: colon)...], radix: 16)
            else { return nil }
            return ListeningSocket(transport: transport, port: port, inode: String(fields[9]))
        }
    }
}
