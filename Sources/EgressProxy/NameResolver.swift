internal import Glibc
internal import NIOCore
internal import NIOPosix
package import TaskModel

/// Finds the addresses of a name.
package protocol NameResolver: Sendable {
    /// The addresses in the order in which they should be tried; empty when there is none.
    func addresses(of name: String) async throws -> [NetworkAddress]
}

/// Asks as every program of this host does, by getaddrinfo(3).
package struct SystemResolver: NameResolver {
    /// Lookups block, for seconds when a name server does not answer, so they have threads of their own.
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 16)
        threads.start()
        return threads
    }()

    /// Makes the resolver.
    package init() {}

    /// - Throws: `LookupFailure` with the system's words.
    package func addresses(of name: String) async throws -> [NetworkAddress] {
        try await Self.threads.runIfActive { try Self.lookUp(name) }
    }

    /// What a lookup said.
    struct LookupFailure: Error, CustomStringConvertible {
        let description: String
    }

    private static func lookUp(_ name: String) throws -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            if code == EAI_NONAME { return [] }
            throw LookupFailure(description: gai_strerror(code).map { String(cString: $0) } ?? "error \(code)")
        }
        var found: [NetworkAddress] = []
        for entry in sequence(first: list, next: { $0?.pointee.ai_next }) {
            guard let entry, let address = entry.pointee.ai_addr else { break }
            let bytes: [UInt8]
            switch Int32(address.pointee.sa_family) {
            case AF_INET:
                bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                    withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) }
                }
            case AF_INET6:
                bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                    withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
                }
            default: continue
            }
            if let address = NetworkAddress(bytes: bytes), !found.contains(address) { found.append(address) }
        }
        return found
    }
}
