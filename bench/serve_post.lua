-- A POST of the file named behind "--": wrk ... -s serve_post.lua URL -- BODY.json
function init(args)
    local file = assert(io.open(args[1], "rb"))
    wrk.method = "POST"
    wrk.body = file:read("*a")
    wrk.headers["Content-Type"] = "application/json"
    file:close()
end
