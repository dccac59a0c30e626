// mdBook renames all links from .md to .html. Links that leave the book lead to files of the repository.
const book = new URL(path_to_root || ".", document.baseURI).href;
for (const link of document.querySelectorAll("main a[href]")) {
    if (link.host === location.host && !link.href.startsWith(book)) {
        link.href = link.href.replace(/\.html(?=#|$)/, ".md");
    }
}
