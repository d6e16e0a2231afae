/// Applies layers one over another and then looks at the whole.
struct Resolution {
    /// The values so far.
    private(set) var settings: Settings
    /// Everything wrong, in the order of the layers.
    private(set) var problems: [Problem] = []
    private(set) var warnings: [Problem] = []
    private var winners: [String: LayerValue] = [:]
    /// The settings with a mistake: what they were checked against would be misleading.
    private var failed: Set<String> = []

    init(defaults: Settings) { settings = defaults }

    /// Puts the values of a layer over those of the layers before. Wrong values of any layer are problems, also when
    /// another layer wins.
    mutating func apply(_ layer: Layer) {
        var found = layer.problems
        for value in layer.values {
            var collector = value.collector
            value.setting.apply(value.node, &settings, &collector)
            if !collector.isEmpty { failed.insert(value.setting.path) }
            found += collector.problems
            winners[value.setting.path] = value
        }
        problems += found.sorted { ($0.line ?? .max, $0.column ?? 0) < ($1.line ?? .max, $1.column ?? 0) }
        warnings += layer.warnings
    }

    /// Fills what depends on other settings and checks what concerns several of them. To be called once, last.
    mutating func finish() {
        if winners["store.path"] == nil { settings.store.path = settings.state.dir + "/" + StoreSettings.fileName }
        for check in CrossCheck.all where failed.isDisjoint(with: check.paths) {
            for finding in check.findings(settings) {
                let problem = problem(finding, paths: check.paths)
                if finding.isWarning { warnings.append(problem) } else { problems.append(problem) }
            }
        }
    }

    /// Where each value came from.
    var origins: [String: Origin] {
        Dictionary(uniqueKeysWithValues: SettingTable.all.map { ($0.path, winners[$0.path]?.origin ?? .defaultValue) })
    }

    /// A finding, at the place of the value it is about, else of the first one involved that somebody set.
    private func problem(_ finding: CrossCheck.Finding, paths: [String]) -> Problem {
        let place = ([finding.path] + paths).lazy.compactMap { winners[$0] }.first
        var collector = place?.collector ?? ProblemCollector(source: "defaults", hasLines: false)
        let node = place.flatMap { $0.setting.path == finding.path ? $0.node[finding.inside] : $0.node }
        collector.add(
            at: node?.mark ?? YAMLMark(line: 1, column: 1), path: finding.path + YAMLNode.describe(finding.inside),
            finding.message, hint: finding.hint)
        return collector.problems[0]
    }
}
