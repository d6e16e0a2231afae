import Glibc

/// TCP at this network namespace's own loopback, 127.0.0.1.
enum LoopbackSocket {
    /// Listens at a port; 0 lets the kernel choose.
    ///
    /// - Returns: the socket, non-blocking, and the port.
    static func listen(port: UInt16, backlog: Int32) throws(SystemError) -> (socket: Descriptor, port: UInt16) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(AF_INET, type, 0)
        guard number >= 0 else { throw SystemError("socket") }
        let descriptor = Descriptor(number)
        var on: Int32 = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        // Inherited by what is accepted: a relay must not hold small pieces back.
        setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed: String? = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                if bind(number, address, size) != 0 { return "bind" }
                if Glibc.listen(number, backlog) != 0 { return "listen" }
                return getsockname(number, address, &size) == 0 ? nil : "getsockname"
            }
        }
        if let failed { throw SystemError(failed) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
