// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

internal import HTTPTransport

extension EngineClient {
    /// Volumes with all these labels. `GET /volumes`
    package func listVolumes(labels: [String: String]) async throws(EngineError) -> [VolumeSummary] {
        struct Answer: Decodable { let Volumes: [VolumeSummary]? }
        var request = EngineRequest(.listVolumes, .get, "/volumes")
        if !labels.isEmpty { request.addFilters(["label": labels.filters]) }
        return try await fetch(Answer.self, request).Volumes ?? []
    }

    /// Makes a volume; one by that name that exists is returned as it is. `POST /volumes/create`
    ///
    /// - Parameter options: of the `local` driver, such as `type=tmpfs, device=tmpfs, o=size=10m`.
    package func createVolume(name: String, labels: [String: String], options: [String: String] = [:])
        async throws(EngineError) -> VolumeSummary
    {
        struct Body: Encodable {
            let Name: String
            let Labels: [String: String]
            let DriverOpts: [String: String]
        }
        var request = EngineRequest(.createVolume, .post, "/volumes/create")
        try setBody(Body(Name: name, Labels: labels, DriverOpts: options), of: &request)
        return try await fetch(VolumeSummary.self, request)
    }

    /// Removes a volume; false when there is none. `DELETE /volumes/{name}`
    ///
    /// - Throws: `conflict` when a container uses it.
    @discardableResult
    package func removeVolume(_ name: String) async throws(EngineError) -> Bool {
        try await remove(.removeVolume, "/volumes/", name)
    }

    /// Networks with all these labels. `GET /networks`
    package func listNetworks(labels: [String: String]) async throws(EngineError) -> [NetworkSummary] {
        var request = EngineRequest(.listNetworks, .get, "/networks")
        if !labels.isEmpty { request.addFilters(["label": labels.filters]) }
        return try await fetch([NetworkSummary].self, request)
    }

    /// Makes a bridge network and returns its id. `POST /networks/create`
    ///
    /// - Parameter isInternal: whether it leads nowhere but to its own containers.
    /// - Throws: `name_in_use`.
    package func createNetwork(name: String, labels: [String: String], isInternal: Bool = false)
        async throws(EngineError) -> String
    {
        struct Body: Encodable {
            let Name: String
            let Labels: [String: String]
            let Internal: Bool
            let Driver = "bridge"
            let CheckDuplicate = true
        }
        struct Answer: Decodable { let Id: String }
        var request = EngineRequest(.createNetwork, .post, "/networks/create")
        try setBody(Body(Name: name, Labels: labels, Internal: isInternal), of: &request)
        return try await fetch(Answer.self, request).Id
    }

    /// Removes a network by name or id; false when there is none. `DELETE /networks/{id}`
    ///
    /// - Throws: `conflict` when a container uses it.
    @discardableResult
    package func removeNetwork(_ name: String) async throws(EngineError) -> Bool {
        try await remove(.removeNetwork, "/networks/", name)
    }

    private func setBody(_ body: some Encodable, of request: inout EngineRequest) throws(EngineError) {
        do {
            try request.setJSON(body)
        } catch {
            throw self.error(.invalidRequest, .request, request.operation, "the request can't be written as JSON")
        }
    }

    private func remove(_ operation: EngineOperation, _ path: String, _ name: String) async throws(EngineError) -> Bool
    {
        var request = EngineRequest(operation, .delete, path + name.percentEncoded())
        request.subject = name
        do throws(EngineError) {
            _ = try await call(request)
            return true
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }
}
