/// Where the tasks of a pool may connect to.
package enum EgressPolicy: Sendable, Hashable {
    /// Wherever the containers' network leads.
    case allowAll
    /// Only through the supervisor's proxy, and only to these places; none at all means nowhere.
    case only([EgressRule])

    /// Whether anything is forbidden.
    package var isRestricted: Bool { self != .allowAll }

    /// What is to be done about a wish to connect.
    package enum Verdict: Sendable, Equatable {
        /// Connect to this address.
        case connect(NetworkAddress)
        /// Ask a name server for this name, then `addresses(_:port:)`.
        case resolve(String)
        case deny(Denial)
    }

    /// Why a connection is refused.
    package enum Denial: Sendable, Hashable {
        /// No rule names the host with that port.
        case notAllowed
        /// An address was asked for that no rule lists.
        case addressNotListed
        /// A permitted name leads to addresses that are not public and that no rule lists.
        case leadsInside(NetworkAddress)

        /// In plain words, to follow the destination; `policy` is the name of what refuses.
        package func words(_ policy: String = EgressPolicy.poolName) -> String {
            switch self {
            case .notAllowed: "is not allowed by \(policy)"
            case .addressNotListed: "is an address that \(policy) does not list"
            case .leadsInside(let address):
                "leads to \(address), which is not a public address and not listed in \(policy)"
            }
        }
    }

    /// How the policy of a pool is called.
    package static let poolName = "workers.egress"
    /// How a task's own is called.
    package static let ownName = "the task's egress"

    /// Judges a wish by what the client wrote: a host's name or an address without brackets.
    ///
    /// An address needs a rule that lists it. A name needs a rule that names it, and is judged again by
    /// `addresses(_:port:)` once it is known where it leads.
    package func judge(host: String, port: Int) -> Verdict {
        if let address = NetworkAddress(host) {
            return admits(address, port: port) ? .connect(address) : .deny(.addressNotListed)
        }
        guard let name = HostName.canonical(host) else { return .deny(.notAllowed) }
        switch self {
        case .allowAll: return .resolve(name)
        case .only(let rules):
            return rules.contains { $0.admits(name: name, port: port) } ? .resolve(name) : .deny(.notAllowed)
        }
    }

    /// Those of a permitted name's addresses that may be connected to, in their order: the public ones, and those a rule
    /// lists. So whoever controls a permitted name can't make it lead to this host, its network or a metadata service.
    package func addresses(_ found: [NetworkAddress], port: Int) -> [NetworkAddress] {
        found.filter { $0.isPublic || admits($0, port: port) }
    }

    private func admits(_ address: NetworkAddress, port: Int) -> Bool {
        switch self {
        case .allowAll: true
        case .only(let rules): rules.contains { $0.admits(address: address, port: port) }
        }
    }
}
