internal import Glibc

/// An address of IPv4 or IPv6. An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) is the IPv4 address.
package struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, the first one first.
    package let bytes: [UInt8]

    /// Takes 4 or 16 bytes; `nil` for any other number.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16 where bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF:
            self.bytes = Array(bytes.suffix(4))
        case 16: self.bytes = bytes
        default: return nil
        }
    }

    /// Reads what `inet_pton(3)` reads: four decimal numbers, or the hexadecimal form of IPv6 without a scope. Octal,
    /// hexadecimal and shortened forms of IPv4 are not addresses here but names.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        var four = in_addr()
        var sixteen = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(bytes: withUnsafeBytes(of: four) { Array($0) })
        } else if inet_pton(AF_INET6, text, &sixteen) == 1 {
            self.init(bytes: withUnsafeBytes(of: sixteen) { Array($0) })
        } else {
            return nil
        }
    }

    package var isIPv4: Bool { bytes.count == 4 }

    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = isIPv4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "?" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether it is an address of the public internet: neither of this host, nor of a link, nor private, nor of a cloud's
    /// metadata service, nor one that carries another address in it (RFC 6890 and the registries it names).
    package var isPublic: Bool {
        if isIPv4 { return !Self.specialIPv4.contains { $0.contains(self) } }
        return bytes[0] & 0xE0 == 0x20 && !Self.specialIPv6.contains { $0.contains(self) }
    }

    private static let specialIPv4 = ranges([
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        // Azure's own service of a machine, at an address that belongs to nobody's range of private ones.
        "168.63.129.16/32",
    ])
    private static let specialIPv6 = ranges(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"])

    private static func ranges(_ texts: [String]) -> [AddressRange] { texts.compactMap { AddressRange($0) } }
}

/// Addresses that begin with the same bits.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The first address; bits behind the prefix are 0.
    package let base: NetworkAddress
    /// How many bits count.
    package let prefix: Int

    /// One address, or `address/bits`; `nil` for anything else, also for bits that are set behind the prefix.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard 1...2 ~= parts.count, let base = NetworkAddress(parts[0]) else { return nil }
        let longest = base.bytes.count * 8
        guard let prefix = parts.count == 1 ? longest : Int(parts[1]), 0...longest ~= prefix else { return nil }
        self.init(base: base, prefix: prefix)
        guard base.bytes.enumerated().allSatisfy({ $1 & ~mask(of: $0) == 0 }) else { return nil }
    }

    private init(base: NetworkAddress, prefix: Int) {
        self.base = base
        self.prefix = prefix
    }

    /// Whether an address is one of these.
    package func contains(_ address: NetworkAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        return base.bytes.indices.allSatisfy { address.bytes[$0] & mask(of: $0) == base.bytes[$0] }
    }

    package var description: String { prefix == base.bytes.count * 8 ? "\(base)" : "\(base)/\(prefix)" }

    /// The bits of a byte that count.
    private func mask(of index: Int) -> UInt8 {
        let bits = min(8, max(0, prefix - index * 8))
        return bits == 0 ? 0 : ~UInt8(0) << (8 - bits)
    }
}
