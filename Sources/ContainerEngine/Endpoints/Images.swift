import FoundationEssentials
internal import HTTPTransport

extension EngineClient {
    /// What the engine knows about an image, `nil` when it has none by that name or id. `GET /images/{name}/json`
    package func inspectImage(_ reference: String) async throws(EngineError) -> ImageInspection? {
        let request = image(.inspectImage, .get, reference, "/json")
        do throws(EngineError) {
            return try await fetch(ImageInspection.self, request)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// Pulls an image and returns it once it is really here. `POST /images/create?fromImage=`
    ///
    /// Success is a stream that ends cleanly, without an error in it, and an image that can be inspected afterwards: both
    /// engines report failures in the middle of an answer that began with 200. When the caller goes away, the engine stops
    /// pulling.
    ///
    /// - Parameters:
    ///   - reference: `:latest` is added when there is neither tag nor digest.
    ///   - registryAuth: credentials.
    ///   - idleTimeout: time without any sign of progress; neither engine has such a limit itself.
    ///   - timeout: time in all.
    ///   - progress: called for each line, in order; must not block.
    /// - Throws: `not_found` (no such image or tag), `unauthorized`, `rate_limited`, `timed_out`, `stream_failed`,
    ///   `engine_failure`.
    package func pullImage(
        _ reference: String, registryAuth: RegistryAuth? = nil, idleTimeout: Duration = .seconds(60),
        timeout: Duration = .seconds(300), progress: @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(EngineError) -> ImageInspection {
        let tagged = ImageReference.tagged(reference)
        var request = EngineRequest(.pullImage, .post, "/images/create")
        request.query = [("fromImage", tagged)]
        request.subject = tagged
        if let registryAuth { request.headers.append("X-Registry-Auth", registryAuth.header) }
        request.limits = .init(total: timeout, head: idleTimeout, idle: idleTimeout)
        _ = try await runLines(request, progress: progress)
        guard let image = try await inspectImage(tagged) else {
            throw error(
                .streamFailed, .status, .pullImage, path: request.path,
                "the pull of \(tagged) ended, but no image is here")
        }
        return image
    }

    /// Makes an image of one layer from a tar file of a root file system. `POST /images/create?fromSrc=-`
    ///
    /// - Parameters:
    ///   - tarFile: path on this machine.
    ///   - reference: name and tag of the image.
    ///   - changes: Dockerfile instructions, such as `USER 1000`.
    package func importImage(tarFile: String, reference: String, changes: [String] = []) async throws(EngineError)
        -> ImageInspection
    {
        var request = EngineRequest(.importImage, .post, "/images/create")
        // Podman ignores `tag`, so the tag stands in `repo`.
        request.query =
            [("fromSrc", "-"), ("repo", ImageReference.tagged(reference))] + changes.map { ("changes", $0) }
        request.headers.append("Content-Type", "application/x-tar")
        request.body = .file(path: tarFile)
        request.limits = .init(total: .seconds(600), idle: .seconds(120))
        _ = try await runLines(request, progress: { _ in })
        guard let image = try await inspectImage(ImageReference.tagged(reference)) else {
            throw error(
                .streamFailed, .status, .importImage, path: request.path, "the import ended, but no image is here")
        }
        return image
    }

    /// Where a build gets its files.
    package enum BuildContext: Sendable {
        /// A tar file on this machine.
        case tarFile(String)
        /// A tar file in memory.
        case bytes([UInt8])
    }

    /// Builds an image from a Dockerfile. `POST /build`
    ///
    /// - Parameters:
    ///   - context: a tar file with the Dockerfile in it.
    ///   - tag: name and tag of the image.
    ///   - dockerfile: its path in the context.
    ///   - arguments: build arguments.
    ///   - timeout: time in all.
    ///   - progress: called for each line of output; must not block.
    /// - Throws: `stream_failed` with the build's words.
    package func buildImage(
        _ context: BuildContext, tag: String, dockerfile: String = "Dockerfile", arguments: [String: String] = [:],
        timeout: Duration = .seconds(1800), progress: @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(EngineError) -> ImageInspection {
        var request = EngineRequest(.buildImage, .post, "/build")
        request.query = [("t", ImageReference.tagged(tag)), ("dockerfile", dockerfile), ("rm", "1"), ("forcerm", "1")]
        if !arguments.isEmpty, let json = try? JSONEncoder().encode(arguments) {
            request.query.append(("buildargs", String(decoding: json, as: UTF8.self)))
        }
        request.headers.append("Content-Type", "application/x-tar")
        switch context {
        case .tarFile(let path): request.body = .file(path: path)
        case .bytes(let bytes): request.body = .bytes(bytes)
        }
        request.limits = .init(total: timeout)
        let id = try await runLines(request, progress: progress)
        guard let image = try await inspectImage(id ?? ImageReference.tagged(tag)) else {
            throw error(
                .streamFailed, .status, .buildImage, path: request.path, "the build ended, but no image is here")
        }
        return image
    }

    /// Removes an image's name, and the image when it has no other; false when there is none. `DELETE /images/{name}`
    ///
    /// Never forced: Podman would remove the containers that use it.
    ///
    /// - Throws: `conflict` when a container uses it.
    @discardableResult
    package func removeImage(_ reference: String) async throws(EngineError) -> Bool {
        do throws(EngineError) {
            _ = try await call(image(.removeImage, .delete, reference, ""))
            return true
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }

    private func image(_ operation: EngineOperation, _ method: HTTPRequest.Method, _ reference: String, _ rest: String)
        -> EngineRequest
    {
        var request = EngineRequest(operation, method, "/images/\(reference.percentEncoded(keeping: "/:@"))\(rest)")
        request.subject = reference
        return request
    }

    /// Reads an answer of JSON lines to its end; returns the image id it names, if it does.
    private func runLines(_ request: EngineRequest, progress: @Sendable (PullProgress) -> Void)
        async throws(EngineError) -> String?
    {
        let stream = try await open(request)
        var lines = LineDecoder()
        var complete: [[UInt8]] = []
        var imageID: String?
        func take(_ line: [UInt8]) throws(EngineError) {
            guard let line = try? JSONDecoder().decode(ProgressLine.self, from: Data(line)) else {
                throw error(
                    .decoding, .decoding, request.operation, path: request.path, "a line of progress can't be read")
            }
            if let failure = line.failure { throw streamFailure(failure, request) }
            if let id = line.aux?.ID { imageID = id }
            progress(line.progress)
        }
        while let bytes = try await piece(of: stream, request) {
            lines.append(bytes)
            do throws(LineDecoder.TooLong) {
                while let line = try lines.next() { complete.append(line) }
            } catch {
                throw self.error(.decoding, .decoding, request.operation, path: request.path, error.description)
            }
            for line in complete { try take(line) }
            complete.removeAll(keepingCapacity: true)
        }
        if let last = lines.finish() { try take(last) }
        return imageID
    }

    private func piece(of stream: HTTPStream, _ request: EngineRequest) async throws(EngineError) -> [UInt8]? {
        do throws(TransportError) {
            return try await stream.next()
        } catch {
            throw transportError(error, request)
        }
    }

    /// An error line.
    private func streamFailure(_ words: String, _ request: EngineRequest) -> EngineError {
        let code = request.operation == .pullImage ? PullWords.code(words) : nil
        return error(code ?? .streamFailed, .status, request.operation, path: request.path, words)
    }
}
