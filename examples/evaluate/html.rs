use std::fmt::Write;

pub(crate) fn figure(out: &mut String, svg: &str) -> anyhow::Result<()> {
    Ok(writeln!(out, "<figure>{svg}</figure>")?)
}

pub(crate) fn table(
    out: &mut String,
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> anyhow::Result<()> {
    out.push_str("<div class=\"wide\"><table>\n<thead><tr>");
    for name in head {
        write!(out, "<th scope=\"col\">{}</th>", escaped(name))?;
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            write!(out, "<td>{}</td>", escaped(&cell))?;
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
    Ok(())
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
