internal import Glibc
internal import Synchronization
internal import SystemThread

/// Looks up the addresses of a host with a deadline: the C library's own wait can be half a minute and can't be ended.
enum NameLookup {
    /// Addresses in the order to try them in; empty when there are none, or none in time. Blocks until `deadline` or until the
    /// ticket is used; a lookup that takes longer goes on by itself on its own thread.
    static func addresses(
        of host: String, until deadline: ContinuousClock.Instant, ticket: CancelTicket
    ) -> [String] {
        final class Answer: Sendable {
            let addresses = Mutex<[String]?>(nil)
        }
        let answer = Answer()
        let wakeup = ticket.wakeup
        let isStarted = spawnDetachedThread(named: "acode-lookup") {
            let found = lookUp(host)
            answer.addresses.withLock { $0 = found }
            wakeup.signal()
        }
        guard isStarted else { return [] }
        ticket.sleep(for: deadline - .now) { answer.addresses.withLock { $0 != nil } }
        return answer.addresses.withLock { $0 } ?? []
    }

    /// Whether there is nothing to look up: an address already, a directory of a socket, or nothing at all.
    static func isNeeded(for host: String) -> Bool {
        guard !host.isEmpty, !host.hasPrefix("/"), !host.hasPrefix("@") else { return false }
        var place = in6_addr()
        return inet_pton(AF_INET, host, &place) != 1 && inet_pton(AF_INET6, host, &place) != 1
    }

    private static func lookUp(_ host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0
            {
                let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if !addresses.contains(text) { addresses.append(text) }
            }
            next = entry.ai_next
        }
        return addresses
    }
}
