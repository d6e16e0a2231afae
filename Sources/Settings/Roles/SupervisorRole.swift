/// What a supervisor is there for, as one of several that share a configuration.
package struct SupervisorRole: Sendable, Equatable {
    /// The queues it consumes; `nil` means those of `queue.queues`.
    package var queues: Consumption?
    /// Whether it does what has to be done for all: gives back what the dead held, ends what expired, tidies up.
    package var orchestrates = true
    /// Whether it serves HTTP; `nil` means where `http.listen` says so.
    package var servesHTTP: Bool?

    /// A role that says nothing: what a supervisor without a role does.
    package init() {}
}

/// Which queues are consumed.
package enum Consumption: Sendable, Equatable {
    /// Whatever there is.
    case all
    /// None.
    case nothing
    /// These.
    case only([String])

    /// In a few words.
    package var words: String {
        switch self {
        case .all: "all queues"
        case .nothing: "no queue"
        case .only(let names): names.joined(separator: ", ")
        }
    }
}

/// What a supervisor does, once its role is known.
package struct SupervisorDuties: Sendable, Equatable {
    /// The role's name.
    package var role: String?
    /// The queues it consumes.
    package var consumes: Consumption
    /// Whether it does what has to be done for all.
    package var orchestrates: Bool
    /// Where it serves HTTP; `nil` means nowhere.
    package var listens: ListenAddress?

    /// Whether it runs tasks at all.
    package var runsTasks: Bool { consumes != .nothing }
    /// The queues it consumes, empty for all. Where it runs no tasks, a name that no queue can have.
    package var queues: [String] {
        switch consumes {
        case .all: []
        case .nothing: [""]
        case .only(let names): names
        }
    }
}

extension Settings {
    /// The role in force; that of nobody when it names none that there is.
    package var role: SupervisorRole { supervisor.role.flatMap { roles[$0] } ?? SupervisorRole() }

    /// What a supervisor with these settings does. Where `queue.queues` names fewer than the role does, it consumes those.
    package var duties: SupervisorDuties {
        let own: Consumption = queue.queues.isEmpty ? .all : .only(queue.queues)
        let consumes: Consumption =
            switch role.queues {
            case .nothing?: .nothing
            case .only(let names)?: queue.queues.isEmpty ? .only(names) : own
            case .all?, nil: own
            }
        return SupervisorDuties(
            role: supervisor.role, consumes: consumes, orchestrates: role.orchestrates,
            listens: role.servesHTTP == false ? nil : http.listen)
    }

    /// The queues there are, as far as anybody says: those that are declared, else those that somebody consumes. `nil` when
    /// any name will do.
    package var knownQueues: [String]? {
        if !queue.declared.isEmpty { return queue.declared }
        if roles.values.contains(where: { $0.queues == .all }) { return nil }
        var names = queue.queues
        for role in roles.values {
            if case .only(let own)? = role.queues { names += own }
        }
        return names.isEmpty ? nil : Set(names).sorted()
    }
}
