/// The body of `POST /v1/gc`.
package struct GarbageRequest: Codable, Sendable, Equatable {
    /// Whether nothing is to be changed.
    package var dryRun: Bool

    /// Makes a request.
    package init(dryRun: Bool) { self.dryRun = dryRun }
}

/// One object of a pool and what became of it: an item of the answer to `POST /v1/gc`.
package struct GarbageItem: Codable, Sendable, Equatable {
    /// `container`, `volume`, `network`, `directory` or `row`.
    package var kind: String
    /// The engine's id or name, a path, or a worker's id.
    package var name: String
    /// The worker it belongs to.
    package var worker: String?
    /// `kept`, `removed`, `would_remove` or `failed`.
    package var action: String
    /// Why.
    package var reason: String

    /// Describes an object.
    package init(kind: String, name: String, worker: String?, action: String, reason: String) {
        self.kind = kind
        self.name = name
        self.worker = worker
        self.action = action
        self.reason = reason
    }

    /// Every key is always there; what is unknown is null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(name, forKey: .name)
        try container.encode(worker, forKey: .worker)
        try container.encode(action, forKey: .action)
        try container.encode(reason, forKey: .reason)
    }
}
