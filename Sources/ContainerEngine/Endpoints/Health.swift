internal import FoundationEssentials
internal import HTTPTransport

/// What a container's healthcheck found last.
package struct ContainerHealthReport: Sendable, Equatable {
    /// By the engine's own rules: interval, retries, start period.
    package let status: ContainerHealth
    /// What the last check printed, on one line, at most 200 characters.
    package let output: String
}

extension EngineClient {
    /// The state of a container's healthcheck; `nil` when there is no such container or it has none. Where the engine runs
    /// no checks by itself, runs one: this call is to be made once an interval.
    /// `GET /containers/{id}/json`, or `GET /libpod/containers/{id}/healthcheck` (Podman)
    package func health(_ id: String, timeout: Duration) async throws(EngineError) -> ContainerHealthReport? {
        var request = container(.inspectContainer, .get, id, "/json")
        request.limits.total = timeout + .seconds(10)
        if let path = quirks.healthcheckPath(of: id) {
            request = EngineRequest(.inspectContainer, .get, path)
            request.isVersioned = false
            request.subject = id
            request.limits.total = timeout + .seconds(10)
        }
        do throws(EngineError) {
            if quirks.runsHealthchecks {
                return try await fetch(HealthWire.Inspection.self, request).State.Health.flatMap(
                    ContainerHealthReport.init)
            }
            return ContainerHealthReport(try await fetch(HealthWire.self, request))
        } catch {
            // Stopped meanwhile: others see that.
            guard error.isNotFound || error.isConflict else { throw error }
            return nil
        }
    }
}

/// The answers' form.
private struct HealthWire: Decodable {
    // Names of the wire.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    let Status: String?
    // swift-format-ignore: AlwaysUseLowerCamelCase
    let Log: [Entry]?

    struct Entry: Decodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let Output: String?
    }

    struct Inspection: Decodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let State: State

        struct State: Decodable {
            // swift-format-ignore: AlwaysUseLowerCamelCase
            let Health: HealthWire?
        }
    }
}

extension ContainerHealthReport {
    fileprivate init?(_ wire: HealthWire) {
        guard let status = ContainerHealth(rawValue: wire.Status ?? "") else { return nil }
        self.status = status
        let words = (wire.Log?.last?.Output ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        output = String(words.prefix(200))
    }
}
