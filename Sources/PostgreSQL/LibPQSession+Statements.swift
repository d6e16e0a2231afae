internal import CLibPQ

extension LibPQSession {
    /// Runs statements in one round trip and one transaction: all take effect, or none.
    func run(
        _ queries: [PostgresQuery], operation: String, until deadline: ContinuousClock.Instant, ticket: CancelTicket
    ) throws(PostgresError) -> [PostgresRows] {
        let isOwnTransaction = PQtransactionStatus(raw) == PQTRANS_IDLE
        do throws(PostgresError) {
            return try attempt(queries, isOwnTransaction, operation, until: deadline, ticket)
        } catch {
            // Somebody forgot our statements, or tables have changed since they were planned: nothing was done.
            guard isOwnTransaction, !prepared.isEmpty, ["26000", "42P05", "0A000"].contains(error.sqlState) else {
                throw error
            }
            prepared = [:]
            try runScript("DEALLOCATE ALL", operation: operation, until: deadline, ticket: ticket)
            return try attempt(queries, isOwnTransaction, operation, until: deadline, ticket)
        }
    }

    private func attempt(
        _ queries: [PostgresQuery], _ isOwnTransaction: Bool, _ operation: String,
        until deadline: ContinuousClock.Instant, _ ticket: CancelTicket
    ) throws(PostgresError) -> [PostgresRows] {
        if ticket.wasCancelled { throw PostgresError(.cancelled, "cancelled", operation: operation) }
        guard PQenterPipelineMode(raw) == 1 else { throw lost(operation) }
        var expected: [Expected] = []
        if let localSettings, isOwnTransaction { try send(localSettings, &expected, operation, .nothing) }
        for query in queries { try send(query, &expected, operation, .rows) }
        guard PQpipelineSync(raw) == 1 else { throw lost(operation) }
        var reader = ResultReader(operation: operation, deadline: deadline, ticket: ticket)
        var answers: [PostgresRows] = []
        answers.reserveCapacity(queries.count)
        var failure: PostgresError?
        for step in expected {
            switch try result(&reader).checked(operation) {
            case .success(let result):
                switch step {
                case .prepared(let form, let name): prepared[form] = name
                case .rows: answers.append(PostgresRows(result, operation: operation))
                case .nothing: break
                }
            // What follows a failure is only said to have been left out.
            case .failure(let error): failure = failure ?? error
            }
            try end(&reader)
        }
        try takeMark(&reader, &failure)
        try conclude(&reader, failure)
        return answers
    }

    /// The answer to the mark at which the server commits, and that may fail, too.
    private func takeMark(_ reader: inout ResultReader, _ failure: inout PostgresError?) throws(PostgresError) {
        var mark = try result(&reader)
        if case .failure(let error) = mark.checked(reader.operation) {
            // A session that is ended at this point may have committed before.
            guard !error.endsSession else {
                throw PostgresError(
                    .connectionLost, error.message, operation: reader.operation, sqlState: error.sqlState)
            }
            failure = failure ?? error
            try end(&reader)
            // Versions of libpq before 14.11, 15.6 and 16.2 take the error for the mark itself, and are confused after it.
            guard let late = try next(&reader) else {
                isDoubtful = true
                throw reader.asked(error)
            }
            mark = late
        }
        guard PQresultStatus(mark.raw) == PGRES_PIPELINE_SYNC, PQexitPipelineMode(raw) == 1 else {
            throw lost(reader.operation)
        }
    }

    /// Runs a text of several statements, for what can't be prepared. One transaction, unless the text says otherwise.
    func runScript(
        _ sql: String, operation: String, until deadline: ContinuousClock.Instant, ticket: CancelTicket
    ) throws(PostgresError) {
        if ticket.wasCancelled { throw PostgresError(.cancelled, "cancelled", operation: operation) }
        guard PQsendQuery(raw, sql) == 1 else { throw lost(operation) }
        var reader = ResultReader(operation: operation, deadline: deadline, ticket: ticket)
        var failure: PostgresError?
        while let result = try next(&reader) {
            if case .failure(let error) = result.checked(operation) { failure = failure ?? error }
        }
        try conclude(&reader, failure)
    }

    private enum Expected {
        case prepared(Form, name: String)
        case rows
        /// An answer that nobody wants.
        case nothing
    }

    private func send(
        _ query: PostgresQuery, _ expected: inout [Expected], _ operation: String, _ answer: Expected
    ) throws(PostgresError) {
        let types = query.parameters.map(\.type)
        var name: String?
        if preparesStatements {
            let form = Form(sql: query.sql, types: types)
            name = prepared[form]
            if name == nil {
                for case .prepared(form, let pending) in expected { name = pending }
            }
            if name == nil {
                names += 1
                let new = "s\(names)"
                guard PQsendPrepare(raw, new, form.sql, Int32(types.count), types) == 1 else { throw lost(operation) }
                expected.append(.prepared(form, name: new))
                name = new
            }
        }
        let isSent = withBinaryValues(query.parameters) { values, lengths, formats in
            let count = Int32(types.count)
            return if let name {
                PQsendQueryPrepared(raw, name, count, values, lengths, formats, 1)
            } else {
                PQsendQueryParams(raw, query.sql, count, types, values, lengths, formats, 1)
            }
        }
        guard isSent == 1 else { throw lost(operation) }
        expected.append(answer)
    }

    private func withBinaryValues(
        _ values: [PostgresValue], _ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) -> Int32
    ) -> Int32 {
        // One block for all values, so that their addresses hold until libpq has copied them.
        var block: [UInt8] = []
        var places: [(start: Int, length: Int32)?] = []
        places.reserveCapacity(values.count)
        for value in values {
            let start = block.count
            places.append(value.append(to: &block) ? (start, Int32(block.count - start)) : nil)
        }
        // An empty value has an address, too.
        block.append(0)
        return block.withUnsafeBytes { bytes in
            let first = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let addresses = places.map { place in place.flatMap { place in first.map { $0 + place.start } } }
            return body(addresses, places.map { $0?.length ?? 0 }, places.map { _ in 1 })
        }
    }
}
