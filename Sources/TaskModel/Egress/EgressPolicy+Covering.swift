/// How policies compare: a task may ask for less than its pool permits.
extension EgressPolicy {
    /// What `other` permits and this policy does not, as it is written; empty when this one covers all of it.
    ///
    /// Where everything is allowed, addresses of this host itself are not covered: the proxy would reach them from outside
    /// the container, which can't.
    package func missing(for other: EgressPolicy) -> [String] {
        switch (self, other) {
        case (_, .only(let wanted)): wanted.filter { !covers($0) }.map(\.description)
        case (.allowAll, .allowAll): []
        case (.only, .allowAll): ["allow-all"]
        }
    }

    /// Those of `own`'s places that this policy covers.
    package func limiting(_ own: EgressPolicy) -> EgressPolicy {
        guard case .only(let rules) = own else { return self }
        return .only(rules.filter(covers))
    }

    private func covers(_ rule: EgressRule) -> Bool {
        switch self {
        case .allowAll: !rule.reachesThisHostItself
        case .only(let rules): rule.ports.single.allSatisfy { port in rules.contains { $0.covers(rule, at: port) } }
        }
    }

    /// In a few words.
    package var summary: String {
        switch self {
        case .allowAll: "allow-all"
        case .only(let rules): rules.isEmpty ? "deny" : rules.map(\.description).joined(separator: " ")
        }
    }
}

extension EgressPolicy: Codable {
    /// `"allow-all"`, or the list of places; an empty one is `deny`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .allowAll: try container.encode("allow-all")
        case .only(let rules): try container.encode(rules.map(\.description))
        }
    }

    /// Reads what `encode` writes.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if (try? container.decode(String.self)) == "allow-all" {
            self = .allowAll
        } else {
            self = .only(try container.decode([String].self).map { try EgressRule($0) })
        }
    }
}

extension EgressRule {
    /// Whether everything that `other` permits at `port` is permitted by this rule.
    fileprivate func covers(_ other: EgressRule, at port: Ports) -> Bool {
        ports.covers(port) && target.covers(other.target)
    }

    /// Whether it lists addresses that are another host in each network namespace.
    fileprivate var reachesThisHostItself: Bool {
        guard case .addresses(let range) = target else { return false }
        return Self.ofThisHost.contains { $0.overlaps(range) }
    }

    private static let ofThisHost = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/127", "fe80::/10"]
        .compactMap { AddressRange($0) }
}

extension EgressRule.Target {
    fileprivate func covers(_ other: EgressRule.Target) -> Bool {
        switch (self, other) {
        case (.host(let host), .host(let wanted)): host == wanted
        case (.subdomains(let domain), .host(let wanted)): wanted.hasSuffix("." + domain)
        case (.subdomains(let domain), .subdomains(let wanted)): wanted == domain || wanted.hasSuffix("." + domain)
        case (.addresses(let range), .addresses(let wanted)):
            range.prefix <= wanted.prefix && range.contains(wanted.base)
        case (.host, _), (.subdomains, _), (.addresses, _): false
        }
    }
}

extension EgressRule.Ports {
    /// The ports one by one, as far as they are few.
    fileprivate var single: [EgressRule.Ports] {
        switch self {
        case .web: [.one(80), .one(443)]
        case .one, .any: [self]
        }
    }

    fileprivate func covers(_ other: EgressRule.Ports) -> Bool {
        switch other {
        case .any: self == .any
        case .one(let port): contains(port)
        case .web: contains(80) && contains(443)
        }
    }
}

extension AddressRange {
    fileprivate func overlaps(_ other: AddressRange) -> Bool { contains(other.base) || other.contains(base) }
}

extension EgressPolicy {
    /// Its places as they are written; `nil` when everything is allowed.
    package var places: [String]? {
        guard case .only(let rules) = self else { return nil }
        return rules.map(\.description)
    }
}
