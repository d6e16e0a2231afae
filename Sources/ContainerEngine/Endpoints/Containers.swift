internal import HTTPTransport

extension EngineClient {
    /// Creates a container. `POST /containers/create`
    ///
    /// - Throws: `invalid_request` with every problem when the configuration can't work (nothing is sent then);
    ///   `name_in_use`; `image_missing`; `dependency_missing` for an unknown network (Docker says that at the start).
    package func createContainer(_ configuration: ContainerConfiguration, name: String) async throws(EngineError)
        -> ContainerCreated
    {
        let problems = configuration.problems()
        guard problems.isEmpty else {
            throw error(.invalidRequest, .request, .createContainer, problems.joined(separator: "; "))
        }
        var request = EngineRequest(.createContainer, .post, "/containers/create")
        request.query = [("name", name)]
        request.subject = name
        request.limits.total = .seconds(60)
        do {
            try request.setJSON(CreateContainerBody(configuration, quirks: quirks))
        } catch {
            throw self.error(.invalidRequest, .request, .createContainer, "the configuration can't be written as JSON")
        }
        return try await fetch(ContainerCreated.self, request)
    }

    /// Starts a container; returns false when it was running. `POST /containers/{id}/start`
    ///
    /// - Throws: `not_found`; `dependency_missing` for what it needs (a network); `command_not_runnable`; `port_in_use`.
    @discardableResult
    package func startContainer(_ id: String, timeout: Duration = .seconds(60)) async throws(EngineError) -> Bool {
        var request = container(.startContainer, .post, id, "/start")
        request.limits.total = timeout
        return try await call(request).status != 304
    }

    /// Sends the stop signal, waits, then kills; returns false when it was not running. `POST /containers/{id}/stop`
    ///
    /// The engine goes on stopping when the caller goes away.
    ///
    /// - Parameter timeout: from the signal to SIGKILL; whole seconds, rounded up.
    @discardableResult
    package func stopContainer(_ id: String, timeout: Duration) async throws(EngineError) -> Bool {
        var request = container(.stopContainer, .post, id, "/stop")
        let seconds = max(0, timeout.wholeSeconds)
        request.query = [("t", String(seconds))]
        request.limits.total = .seconds(seconds + 30)
        return try await call(request).status != 304
    }

    /// Sends a signal. `POST /containers/{id}/kill`
    ///
    /// - Throws: `conflict` when it does not run; `not_found`.
    package func killContainer(_ id: String, signal: String = "SIGKILL") async throws(EngineError) {
        var request = container(.killContainer, .post, id, "/kill")
        request.query = [("signal", signal)]
        _ = try await call(request)
    }

    /// Ends a container at once, without any grace. Nothing happens when it does not run.
    ///
    /// Podman's kill waits 20 s for a container with a restart policy, its stop without a time-out does not.
    ///
    /// - Throws: `not_found`.
    package func endContainer(_ id: String) async throws(EngineError) {
        do throws(EngineError) {
            if quirks.killsSlowly {
                try await stopContainer(id, timeout: .zero)
            } else {
                try await killContainer(id)
            }
        } catch {
            guard error.code == .conflict else { throw error }
        }
    }

    /// What a removal found.
    package enum Removal: Sendable, Equatable {
        /// It is gone by our request.
        case removed
        /// There was none.
        case wasGone
        /// Somebody else is removing it.
        case inProgress
    }

    /// Kills a container if it runs, and removes it with its anonymous volumes. `DELETE /containers/{id}?v=1`
    ///
    /// Ends it first, because Podman's forced removal would wait for a graceful stop.
    @discardableResult
    package func removeContainer(_ id: String) async throws(EngineError) -> Removal {
        do throws(EngineError) {
            try await endContainer(id)
        } catch {
            guard error.isNotFound else { throw error }
            return .wasGone
        }
        var request = container(.removeContainer, .delete, id, "")
        request.query = [("v", "1"), ("force", "1")]
        request.limits.total = .seconds(60)
        do throws(EngineError) {
            _ = try await call(request)
            return .removed
        } catch {
            if error.isNotFound { return .wasGone }
            if error.code == .conflict { return .inProgress }
            throw error
        }
    }

    /// The truth about a container, `nil` when there is none. `GET /containers/{id}/json`
    ///
    /// - Parameter withSize: whether the engine adds up what the container wrote, which takes it long for many files.
    package func inspectContainer(_ id: String, withSize: Bool = false) async throws(EngineError)
        -> ContainerInspection?
    {
        var request = container(.inspectContainer, .get, id, withSize ? "/json?size=true" : "/json")
        request.limits.total = .seconds(15)
        do throws(EngineError) {
            return try await fetch(ContainerInspection.self, request)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// Containers with all these labels. `GET /containers/json`
    ///
    /// - Parameter all: also those that do not run.
    package func listContainers(labels: [String: String], all: Bool = true) async throws(EngineError)
        -> [ContainerSummary]
    {
        var request = EngineRequest(.listContainers, .get, "/containers/json")
        request.query = [("all", all ? "1" : "0")]
        if !labels.isEmpty { request.addFilters(["label": labels.filters]) }
        return try await fetch([ContainerSummary].self, request)
    }

    /// For what to wait.
    package enum WaitCondition: String, Sendable {
        /// Until it does not run; at once when it does not.
        case notRunning = "not-running"
        /// Until the next exit, also when it does not run yet.
        case nextExit = "next-exit"
        /// Until it is removed. Podman then always says 0.
        case removed
    }

    /// Waits for a container's exit. `POST /containers/{id}/wait`
    ///
    /// A hint: a container that never started gives 0 (Docker) or -1 (Podman), and Podman may miss a fast exit
    /// (`Quirks.waitsReliably`). Inspect is the truth.
    ///
    /// - Throws: `timed_out`.
    package func waitContainer(_ id: String, condition: WaitCondition = .notRunning, timeout: Duration)
        async throws(EngineError) -> ContainerExit
    {
        var request = container(.waitContainer, .post, id, "/wait")
        request.query = [("condition", condition.rawValue)]
        request.limits.total = timeout
        return try await fetch(ContainerExit.self, request)
    }

    /// A request about one container.
    func container(_ operation: EngineOperation, _ method: HTTPRequest.Method, _ id: String, _ rest: String)
        -> EngineRequest
    {
        var request = EngineRequest(operation, method, "/containers/\(id.percentEncoded())\(rest)")
        request.subject = id
        return request
    }
}
