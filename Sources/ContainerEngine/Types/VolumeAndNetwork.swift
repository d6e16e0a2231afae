// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// A volume.
package struct VolumeSummary: Sendable, Equatable, Decodable {
    /// Its name.
    package let name: String
    /// Labels.
    package let labels: [String: String]
    /// Where it is on the host.
    package let mountpoint: String

    private struct Wire: Decodable {
        let Name: String
        let Labels: [String: String]?
        let Mountpoint: String?
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        name = wire.Name
        labels = wire.Labels ?? [:]
        mountpoint = wire.Mountpoint ?? ""
    }
}

/// A network.
package struct NetworkSummary: Sendable, Equatable, Decodable {
    /// Its id.
    package let id: String
    /// Its name.
    package let name: String
    /// Labels.
    package let labels: [String: String]
    /// Whether it leads nowhere but to its own containers.
    package let isInternal: Bool
    /// This host's address in it, IPv4 first; `nil` where it has none, as in `host` and `none`.
    package let gateway: String?

    private struct Wire: Decodable {
        let Id: String
        let Name: String
        let Labels: [String: String]?
        let Internal: Bool?
        let IPAM: Addresses?
        struct Addresses: Decodable { let Config: [Subnet]? }
        struct Subnet: Decodable {
            let Subnet: String?
            let Gateway: String?
        }
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        id = wire.Id
        name = wire.Name
        labels = wire.Labels ?? [:]
        isInternal = wire.Internal ?? false
        let gateways = (wire.IPAM?.Config ?? []).compactMap(\.Gateway).filter { !$0.isEmpty }
        gateway = gateways.first { !$0.contains(":") } ?? gateways.first
    }
}
