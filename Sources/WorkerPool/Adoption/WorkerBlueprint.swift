internal import ContainerEngine
internal import Foundation
internal import TaskModel

/// What a supervisor has to know of a worker that another one made, as kept in the worker's row.
package struct WorkerBlueprint: Codable, Sendable, Equatable {
    /// The profile.
    package var profile: WorkerProfile
    /// What its container was made like; see `ContainerBlueprint.fingerprint`.
    package var fingerprint: String

    /// Puts the facts together.
    package init(profile: WorkerProfile, fingerprint: String) {
        self.profile = profile
        self.fingerprint = fingerprint
    }

    /// As JSON; `nil` for numbers that JSON has not.
    package var text: String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads a row; `nil` when another version of the program wrote it in a way that is not understood.
    package init?(text: String) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = value
    }
}

extension ContainerBlueprint {
    /// A short text that is the same for all workers whose containers are made alike, and differs when the settings or the
    /// program they are made by differ. Says nothing about which worker it is nor which supervisor made it.
    package func fingerprint(of profile: WorkerProfile) -> String {
        let worker = WorkerID(rawValue: "any")
        var configuration = self.configuration(
            profile: profile, worker: worker,
            directory: WorkerDirectory(runtimeDirectory: "/any", stateDirectory: "/any", worker: worker))
        let version = configuration.labels[Label.version] ?? ""
        configuration.labels = [:]
        return "\(version)-\(configuration.stableHash)"
    }
}
