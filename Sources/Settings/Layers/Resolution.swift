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
        if winners["store.backend"] == nil {
            settings.store.backend = settings.store.url == nil ? .sqlite : .postgresql
        }
        chooseStore()
        for check in CrossCheck.all where failed.isDisjoint(with: check.paths) {
            if let chosen = check.chosen, winners[chosen] == nil { continue }
            for finding in check.findings(settings) {
                let problem = problem(finding, paths: check.paths)
                if finding.isWarning { warnings.append(problem) } else { problems.append(problem) }
            }
        }
    }

    /// Who names two databases has to say which one is meant.
    private mutating func chooseStore() {
        if settings.store.listenURL != nil, settings.store.backend == .sqlite, settings.store.url == nil {
            problems.append(
                problem(
                    CrossCheck.Finding(
                        path: "store.listenUrl", message: "is set, but tasks are kept in SQLite",
                        hint: "leave it out, or say in store.url where the database is"),
                    paths: ["store.listenUrl"]))
        }
        guard settings.store.url != nil else { return }
        if winners["store.backend"] == nil, winners["store.path"] != nil {
            problems.append(
                problem(
                    CrossCheck.Finding(
                        path: "store.url", message: "is set, and so is store.path, which is for SQLite",
                        hint: "leave one of them out, or say in store.backend which one is meant"),
                    paths: ["store.url"]))
        } else if settings.store.backend == .sqlite {
            problems.append(
                problem(
                    CrossCheck.Finding(
                        path: "store.url", message: "is set, but store.backend is sqlite",
                        hint: "leave store.url out, or set store.backend to postgresql"), paths: ["store.url"]))
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
