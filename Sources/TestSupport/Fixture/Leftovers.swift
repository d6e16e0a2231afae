internal import Foundation
internal import Glibc

/// What may still be there after a test.
enum Leftovers {
    /// Finds and removes what belongs to a fixture; one line for each thing found.
    static func remove(of fixture: AcodeFixture) async -> [String] {
        var found: [String] = []
        for pid in ProcessTable.mentioning(fixture.directory) {
            found.append("process \(pid): \(ProcessTable.arguments(pid).joined(separator: " "))")
            kill(pid, SIGKILL)
        }
        for engine in Engine.all {
            // A test that needs no engine must work without one.
            guard let api = try? engine.api, FileManager.default.fileExists(atPath: api.socket) else { continue }
            do {
                found += try await remove(of: fixture, from: api)
            } catch {
                found.append("can't see what is left on \(engine): \(error)")
            }
        }
        for directory in secrets(of: fixture) {
            found.append("secrets in \(directory)")
            try? FileManager.default.removeItem(atPath: directory)
        }
        for mount in mounts(below: fixture.directory) {
            found.append("mount \(mount)")
            umount2(mount, Int32(MNT_DETACH))
        }
        return found
    }

    private static func remove(of fixture: AcodeFixture, from api: EngineAPI) async throws -> [String] {
        var found: [String] = []
        for container in try await api.containers(label: "acode.worker=true") {
            guard let id = container["Id"].string, let details = try? await api.inspect(id) else { continue }
            let labels = details["Config"]["Labels"]
            // One-off pools choose their own name, but their files are in the fixture's directory.
            let mounts = try JSONValue.array([details["HostConfig"], details["Mounts"]]).encoded()
            let isOurs = (labels["acode.pool"].string ?? "").contains(fixture.id) || mounts.contains(fixture.directory)
            guard isOurs else { continue }
            let status = details["State"]["Status"].string ?? "?"
            found.append("container \(details["Name"].string ?? id) on \(api.engine): \(status)")
            try await api.remove(id)
        }
        found += try await api.volumesAndNetworks(label: "acode.pool=\(fixture.pool)").map {
            "volume or network \($0) on \(api.engine)"
        }
        return found
    }

    /// The identity that the supervisors of a fixture gave themselves.
    static func installation(of fixture: AcodeFixture) -> String? {
        let text = FileManager.default.contents(atPath: "\(fixture.stateDirectory)/installation-id")
        return text.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// Directories of secrets in memory, of whatever user the supervisors ran as.
    private static func secrets(of fixture: AcodeFixture) -> [String] {
        guard let installation = installation(of: fixture) else { return [] }
        let users = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? []
        return users.filter { $0.hasPrefix("acode-") }.map { "/dev/shm/\($0)/\(installation)" }
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    static func mounts(below directory: String) -> [String] {
        let table = FileManager.default.contents(atPath: "/proc/self/mountinfo") ?? Data()
        return String(decoding: table, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 4 && fields[4].hasPrefix(directory) ? String(fields[4]) : nil
        }
    }

    /// Cuts outputs that nobody will read in full.
    static func shrink(_ directory: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            let path = "\(directory)/\(name)"
            let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
            if size > 1 << 20 { truncate(path, 1 << 20) }
        }
    }
}
