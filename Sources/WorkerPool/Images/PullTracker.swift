package import ContainerEngine

/// How far a pull is, in one line's worth of numbers.
package struct PullSummary: Sendable, Equatable, Codable {
    /// Layers that are known of.
    package var layers = 0
    /// Layers that are here.
    package var finishedLayers = 0
    /// Bytes that have come.
    package var bytes: Int64 = 0
    /// Bytes there are to come, as far as the engine has said; layers that were here before do not count.
    package var totalBytes: Int64 = 0

    /// Nothing is known.
    package init() {}
}

/// Adds the lines of a pull up, and knows when it last came forward. Pure.
package struct PullTracker: Sendable {
    private struct Layer {
        var bytes: Int64 = 0
        var total: Int64 = 0
        var isFinished = false
        var words: Set<String> = []
    }

    private var layers: [String: Layer] = [:]
    /// When the pull last came forward: bytes came, or a layer took a step it had not taken before. An engine that only
    /// counts down to its next try, or repeats itself, does not come forward.
    package private(set) var lastAdvance: ContinuousClock.Instant

    /// Begins at `now`.
    package init(now: ContinuousClock.Instant) { lastAdvance = now }

    /// The numbers.
    package var summary: PullSummary {
        var summary = PullSummary()
        summary.layers = layers.count
        for layer in layers.values {
            summary.finishedLayers += layer.isFinished ? 1 : 0
            summary.bytes += layer.bytes
            summary.totalBytes += layer.total
        }
        return summary
    }

    /// Takes one line.
    package mutating func take(_ line: PullProgress, at now: ContinuousClock.Instant) {
        // A line that names the tag (Docker), the digest or the outcome is of no layer.
        guard let id = line.layer, !line.status.hasPrefix("Pulling from") else {
            if line.layer == nil { lastAdvance = now }
            return
        }
        var layer = layers[id] ?? Layer()
        defer { layers[id] = layer }
        guard !line.status.hasPrefix("Retrying") else { return }
        if layer.words.count < 32, layer.words.insert(line.status).inserted { lastAdvance = now }
        switch line.status {
        case "Downloading":
            let bytes = line.current ?? 0
            if bytes > layer.bytes {
                layer.bytes = bytes
                lastAdvance = now
            }
            layer.total = max(layer.total, line.total ?? 0)
        case "Extracting":
            lastAdvance = now
            layer.bytes = layer.total
        case "Download complete", "Verifying Checksum":
            layer.bytes = layer.total
        case "Pull complete", "Already exists":
            layer.bytes = layer.total
            layer.isFinished = true
        default: break
        }
        // Podman has no later word for a layer.
        if line.status == "Download complete" { layer.isFinished = true }
    }
}
