internal import Foundation
internal import Glibc
internal import Synchronization

/// A TCP server of this machine that gives each connection a thread of its own. For tests of what containers reach.
package final class TCPServer: Sendable {
    /// Why it could not listen.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The port, chosen by the kernel.
    package let port: UInt16
    private let listener: Int32
    private let accepted = Mutex(0)

    /// Listens at once, at loopback or at every address of IPv4. `handler` may block; the connection is closed after it.
    package init(
        everywhere: Bool = false, handler: @escaping @Sendable (UnixConnection) -> Void
    ) throws(Failure) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = everywhere ? 0 : UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listener, address, size) == 0, listen(listener, 512) == 0,
                    getsockname(listener, address, &size) == 0
                else { return 0 }
                return UnsafeRawPointer(address).load(as: sockaddr_in.self).sin_port.bigEndian
            }
        }
        self.listener = listener
        guard port > 0 else { throw Failure(description: "can't listen: errno \(errno)") }
        Thread.detachNewThread { [weak self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    close(listener)
                    return
                }
                self?.accepted.withLock { $0 += 1 }
                Thread.detachNewThread {
                    handler(UnixConnection(descriptor: descriptor))
                    close(descriptor)
                }
            }
        }
    }

    deinit { stop() }

    /// How many connections were accepted.
    package var connectionCount: Int { accepted.withLock { $0 } }

    /// Stops listening; open connections end by themselves.
    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}

extension UnixConnection {
    /// Says that nothing more is written.
    package func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Everything until the other side ends.
    package func readToEnd() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = read()
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }
}
